//! Devices on which people signed in to the application, by the reference that the application gives them.

use chrono::{DateTime, Utc};
use provisioning::UserId;

use crate::db::sql::{CHUNK, Sql};
use crate::entity::devices;
use crate::error::Error;
use crate::ids::stored;
use crate::unit::{ReadUnit, WriteUnit};

/// A device of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Whose it is.
    pub user: UserId,
    /// The application's own name for it, unique for the person.
    pub reference: String,
    /// What people call it.
    pub name: String,
    /// Its operating system.
    pub platform: String,
    /// The version of the application on it.
    pub app_version: String,
    /// When it was registered.
    pub registered_at: DateTime<Utc>,
    /// When the application saw it last.
    pub seen_at: DateTime<Utc>,
    /// When it was last authenticated by the application's hub.
    pub hub_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<devices::Model> for Device {
    fn from(row: devices::Model) -> Self {
        Self {
            user: UserId::new(row.user_id),
            reference: row.reference,
            name: row.name,
            platform: row.platform,
            app_version: row.app_version,
            registered_at: row.registered_at,
            seen_at: row.seen_at,
            hub_at: row.hub_at,
            revoked_at: row.revoked_at,
        }
    }
}

impl ReadUnit {
    /// The devices of a person, the revoked ones too, by reference.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn devices(&self, user: UserId) -> Result<Vec<Device>, Error> {
        let mut sql = Sql::new("SELECT d.* FROM devices d WHERE d.tenant_id = ");
        sql.bind(self.tenant()).push(" AND d.user_id = ").bind(user.uuid()).push(" ORDER BY d.reference");
        Ok(self.transaction.all::<devices::Model>(sql).await?.into_iter().map(Device::from).collect())
    }
}

impl WriteUnit {
    /// Saves a device, new or known. The unit holds the lock of the person.
    ///
    /// # Errors
    /// [`Error::Other`] if the person does not exist.
    pub async fn save_device(&mut self, device: &Device) -> Result<(), Error> {
        let row = devices::Model {
            tenant_id: self.tenant(),
            user_id: device.user.uuid(),
            reference: device.reference.clone(),
            name: device.name.clone(),
            platform: device.platform.clone(),
            app_version: device.app_version.clone(),
            registered_at: stored(device.registered_at),
            seen_at: stored(device.seen_at),
            hub_at: device.hub_at.map(stored),
            revoked_at: device.revoked_at.map(stored),
        };
        let otherwise = " ON CONFLICT (tenant_id, user_id, reference) DO UPDATE SET name = excluded.name, \
                         platform = excluded.platform, app_version = excluded.app_version, \
                         registered_at = excluded.registered_at, seen_at = excluded.seen_at, \
                         hub_at = excluded.hub_at, revoked_at = excluded.revoked_at";
        self.transaction.insert_all_or::<devices::Entity>(vec![row], otherwise).await
    }

    /// Notes when the application last saw people and their devices; neither goes back in time. The users' versions stay.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn note_seen(
        &mut self,
        people: &[(UserId, DateTime<Utc>)],
        devices: &[(UserId, String, DateTime<Utc>)],
    ) -> Result<(), Error> {
        for chunk in people.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE users SET last_used_at = v.column2 FROM (VALUES ");
            sql.rows(chunk.iter().map(|(user, at)| [user.uuid().into(), stored(*at).into()]));
            sql.push(") AS v WHERE users.tenant_id = ").bind(self.tenant());
            sql.push(" AND users.id = v.column1 AND (users.last_used_at IS NULL OR users.last_used_at < v.column2)");
            self.transaction.run(sql).await?;
        }
        for chunk in devices.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE devices SET seen_at = v.column3 FROM (VALUES ");
            sql.rows(chunk.iter().map(|(user, reference, at)| {
                [user.uuid().into(), reference.as_str().into(), stored(*at).into()]
            }));
            sql.push(") AS v WHERE devices.tenant_id = ").bind(self.tenant());
            sql.push(" AND devices.user_id = v.column1 AND devices.reference = v.column2");
            sql.push(" AND devices.seen_at < v.column3");
            self.transaction.run(sql).await?;
        }
        Ok(())
    }
}
