//! Alerts: mail to the administrators whose addresses stand in the settings of a tenant.

use letters::{Alert, Message};
use store::WriteUnit;

use crate::error::Error;
use crate::mail::{Writer, write};

/// Writes an alert to every address of the tenant; answers how many there are. Alerts wait for no turn.
///
/// # Errors
/// What the database says.
pub(crate) async fn alert(unit: &mut WriteUnit, writer: &Writer<'_>, alert: &Alert) -> Result<usize, Error> {
    let addresses = &writer.settings.sending.alert_addresses;
    for address in addresses {
        let to = writer.administrator(address);
        write(unit, writer, &to, Message::Alert(alert.clone()), None).await?;
    }
    Ok(addresses.len())
}
