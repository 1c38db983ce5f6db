//! Plays the provisioning connector of Entra ID: look-up before create, one operation for each attribute, operations
//! with a capital, booleans as strings, members removed by a value array.

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::cast::Person;
use super::client::Client;
use super::names::in_address;
use super::progress::Bar;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// Sent with every group; it means nothing to other servers.
const GROUP_OF_THE_DIRECTORY: &str =
    "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Members that one request adds.
pub(super) const BATCH: usize = 8;

/// The connector of one tenant of Entra ID.
pub(super) struct Entra {
    client: Client,
    progress: Bar,
}

impl Entra {
    pub(super) const fn new(client: Client, progress: Bar) -> Self {
        Self { client, progress }
    }

    pub(super) fn requests(&self) -> u64 {
        self.client.requests()
    }

    pub(super) const fn progress(&self) -> &Bar {
        &self.progress
    }

    /// Test Connection: look-ups of a user and a group that cannot exist.
    pub(super) async fn test_connection(&self) -> Result<()> {
        let user = "userName eq \"5f0c2a44-9b1e-4c0e-8a52-7d1f0e6c3b19\"";
        let group = "displayName eq \"74c6cf4b-19ad-4d5e-9c8b-3dd0f9a5e8b2\"";
        let found = self.client.look_up("/Users", user, "").await?;
        let found_group = self.client.look_up("/Groups", group, "excludedAttributes=members&").await?;
        ensure!(found.is_none() && found_group.is_none(), "Test Connection found what does not exist");
        Ok(())
    }

    /// Looks a person up by the matching attribute and creates them when there is none; the id either way.
    pub(super) async fn provision(&self, person: &Person) -> Result<String> {
        self.progress.step();
        let filter = format!("userName eq \"{}\"", person.user_name);
        match self.client.look_up("/Users", &filter, "").await? {
            Some(id) => Ok(id),
            None => self.client.create("/Users", &user(person)).await,
        }
    }

    /// Sets the manager, after both exist, as a bare string.
    pub(super) async fn set_manager(&self, id: &str, manager: &str) -> Result<()> {
        self.progress.step();
        let path = format!("{ENTERPRISE}:manager");
        self.patch_user(id, json!([{"op": "Add", "path": path, "value": manager}])).await.map(drop)
    }

    /// Changes of a person's place in the company, one operation each.
    pub(super) async fn move_to(&self, id: &str, department: &str, title: &str) -> Result<()> {
        let operations = json!([
            {"op": "Replace", "path": "title", "value": title},
            {"op": "Add", "path": "addresses[type eq \"work\"].formatted", "value": format!("{department}, first floor")},
            {"op": "Replace", "path": format!("{ENTERPRISE}:department"), "value": department},
        ]);
        let user = self.patch_user(id, operations).await?;
        ensure!(user["title"] == title, "the new title did not arrive: {user}");
        ensure!(user[ENTERPRISE]["department"] == department, "the new department did not arrive: {user}");
        Ok(())
    }

    /// A private e-mail address for who had none of that type, by a value path that matches nothing yet.
    pub(super) async fn add_other_email(&self, id: &str, address: &str) -> Result<()> {
        let operations = json!([{"op": "Add", "path": "emails[type eq \"other\"].Value", "value": address}]);
        let user = self.patch_user(id, operations).await?;
        let emails = user["emails"].as_array();
        let arrived = emails.is_some_and(|emails| emails.iter().any(|email| email["value"] == address));
        ensure!(arrived, "the e-mail address of a new type did not arrive: {user}");
        Ok(())
    }

    /// Unassigned, disabled or soft-deleted: `active` as a string.
    pub(super) async fn disable(&self, id: &str) -> Result<()> {
        self.set_active(id, "False", false).await
    }

    /// Restored; memberships are not sent again.
    pub(super) async fn enable(&self, id: &str) -> Result<()> {
        self.set_active(id, "True", true).await
    }

    /// The hard delete, thirty days after the soft one.
    pub(super) async fn delete_user(&self, id: &str) -> Result<()> {
        self.client.delete(&format!("/Users/{id}")).await
    }

    /// Looks a group up by name, without members, and creates it when there is none; the id either way.
    pub(super) async fn provision_group(&self, name: &str, number: usize) -> Result<String> {
        self.progress.step();
        let filter = format!("displayName eq \"{name}\"");
        if let Some(id) = self.client.look_up("/Groups", &filter, "excludedAttributes=members&").await? {
            return Ok(id);
        }
        let body = json!({
            "schemas": [GROUP, GROUP_OF_THE_DIRECTORY],
            "externalId": format!("8aa1a0c0-c4c3-4bc0-b4a5-2ef6769{number:05}"),
            "displayName": name,
            "meta": {"resourceType": "Group"},
        });
        self.client.create("/Groups", &body).await
    }

    /// Adds members, several in one request.
    pub(super) async fn add_members(&self, group: &str, members: &[&str]) -> Result<()> {
        for batch in members.chunks(BATCH) {
            self.progress.step();
            self.patch_group(group, json!([{"op": "Add", "path": "members", "value": references(batch)}]))
                .await?;
        }
        Ok(())
    }

    /// Removes one member: a value array and no filter.
    pub(super) async fn remove_member(&self, group: &str, member: &str) -> Result<()> {
        self.patch_group(group, json!([{"op": "Remove", "path": "members", "value": references(&[member])}]))
            .await
    }

    /// `replace members` with one member, which means that it joins.
    pub(super) async fn replace_members(&self, group: &str, member: &str) -> Result<()> {
        self.patch_group(group, json!([{"op": "replace", "path": "members", "value": [{"value": member}]}]))
            .await?;
        let group = self.client.get(&format!("/Groups/{group}")).await?;
        let members = group["members"].as_array().map_or(0, Vec::len);
        ensure!(members > 1, "a group lost its members by the request that should add one: {group}");
        Ok(())
    }

    /// Renames a group.
    pub(super) async fn rename_group(&self, group: &str, name: &str) -> Result<()> {
        self.patch_group(group, json!([{"op": "Replace", "path": "displayName", "value": name}])).await
    }

    async fn set_active(&self, id: &str, sent: &str, expected: bool) -> Result<()> {
        let user = self.patch_user(id, json!([{"op": "Replace", "path": "active", "value": sent}])).await?;
        ensure!(user["active"] == expected, "`active` is not {expected} after \"{sent}\": {user}");
        Ok(())
    }

    async fn patch_user(&self, id: &str, operations: Value) -> Result<Value> {
        let body = json!({"schemas": [PATCH], "Operations": operations});
        self.client.patch(&format!("/Users/{id}"), &body, StatusCode::OK).await
    }

    async fn patch_group(&self, id: &str, operations: Value) -> Result<()> {
        let body = json!({"schemas": [PATCH], "Operations": operations});
        self.client.patch(&format!("/Groups/{id}"), &body, StatusCode::NO_CONTENT).await.map(drop)
    }
}

fn references(members: &[&str]) -> Vec<Value> {
    members.iter().map(|member| json!({"$ref": null, "value": member})).collect()
}

/// The default attribute mapping, with what the connector adds of its own.
fn user(person: &Person) -> Value {
    let office = person.office;
    let nickname = format!("{}{}", &in_address(person.given)[..1], in_address(person.family));
    let number = person.number;
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": format!("{nickname}{number}"),
        "userName": person.user_name,
        "active": true,
        "displayName": person.display_name(),
        "title": person.title,
        "emails": [{"primary": true, "type": "work", "value": person.user_name}],
        "preferredLanguage": office.language,
        "name": {
            "formatted": person.display_name(),
            "familyName": person.family,
            "givenName": person.given,
        },
        "addresses": [{
            "type": "work",
            "formatted": format!("{} office", office.city),
            "streetAddress": format!("{} {}", office.street, number % 90 + 1),
            "locality": office.city,
            "region": office.region,
            "country": office.country,
        }],
        "phoneNumbers": [{"type": "work", "value": format!("+00 555 01{number:02}")}],
        "roles": [],
        "meta": {"resourceType": "User"},
        ENTERPRISE: {"employeeNumber": format!("NL-{:05}", 10_400 + number), "department": person.department},
    })
}
