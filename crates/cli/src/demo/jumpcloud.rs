//! Plays the custom SCIM integration of JumpCloud: activation with a test user and group, updates by PUT with empty
//! arrays, groups that are created with their members.

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::cast::Person;
use super::client::Client;
use super::names::BOUGHT_DOMAIN;
use super::progress::Bar;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The integration of one organisation in JumpCloud.
pub(super) struct JumpCloud {
    client: Client,
    progress: Bar,
}

impl JumpCloud {
    pub(super) const fn new(client: Client, progress: Bar) -> Self {
        Self { client, progress }
    }

    pub(super) fn requests(&self) -> u64 {
        self.client.requests()
    }

    pub(super) const fn progress(&self) -> &Bar {
        &self.progress
    }

    /// Test Connection and Activate: a test user and a test group come, change and go.
    pub(super) async fn activate(&self) -> Result<()> {
        self.client.get("/Users").await?;
        let name = format!("scim-activation-0718@{BOUGHT_DOMAIN}");
        let test = |display: &str, family: &str, id: Option<&str>| {
            json!({
                "schemas": [USER],
                "id": id,
                "userName": name,
                "active": true,
                "displayName": display,
                "emails": [{"type": "work", "primary": true, "value": name}],
                "name": {"givenName": "Test", "familyName": family},
            })
        };
        let found = self.client.look_up("/Users", &format!("userName eq \"{name}\""), "").await?;
        ensure!(found.is_none(), "the test user of an activation exists already");
        let user = self.client.create("/Users", &test("Test User", "User", None)).await?;
        self.client
            .put(&format!("/Users/{user}"), &test("Test User Updated", "Updated", Some(&user)))
            .await?;
        let group =
            json!({"schemas": [GROUP], "displayName": "Test Group 0718", "members": [{"value": user}]});
        let group = self.client.create("/Groups", &group).await?;
        let renamed = json!([{"op": "replace", "path": "displayName", "value": "Test Group 0718 renamed"}]);
        self.patch_group(&group, renamed).await?;
        self.client.delete(&format!("/Groups/{group}")).await?;
        self.client.delete(&format!("/Users/{user}")).await
    }

    /// Looks a person up and creates them, or takes over who is there; the id either way.
    pub(super) async fn provision(&self, person: &Person) -> Result<String> {
        self.progress.step();
        let filter = format!("userName eq \"{}\"", person.user_name);
        match self.client.look_up("/Users", &filter, "").await? {
            Some(id) => self.update(&id, person, true).await.map(|()| id),
            None => self.client.create("/Users", &user(person)).await,
        }
    }

    /// Looks a person up whom another directory has pushed, finds none, and is refused when it creates them.
    pub(super) async fn provision_in_vain(&self, person: &Person) -> Result<()> {
        let filter = format!("userName eq \"{}\"", person.user_name);
        let found = self.client.look_up("/Users", &filter, "").await?;
        ensure!(found.is_none(), "a person of another connection was found");
        let refusal = self.client.create_in_vain("/Users", &user(person)).await?;
        ensure!(refusal["scimType"] == "uniqueness", "the refusal does not say why: {refusal}");
        Ok(())
    }

    /// Sends the whole person again, which is how everything changes, `active` included.
    pub(super) async fn update(&self, id: &str, person: &Person, active: bool) -> Result<()> {
        let mut body = user(person);
        body["id"] = json!(id);
        body["active"] = json!(active);
        body["schemas"] = json!([ENTERPRISE, USER]);
        body["addresses"] = json!([]);
        body["phoneNumbers"] = json!([]);
        body[ENTERPRISE] = json!({"department": person.department});
        let user = self.client.put(&format!("/Users/{id}"), &body).await?;
        ensure!(user["active"] == active, "`active` is not {active} after a PUT: {user}");
        ensure!(user["phoneNumbers"].is_null(), "an empty array did not clear the telephone numbers: {user}");
        Ok(())
    }

    /// Deleted in the directory.
    pub(super) async fn delete_user(&self, id: &str) -> Result<()> {
        self.client.delete(&format!("/Users/{id}")).await
    }

    /// Looks a group up by name and creates it with its members; empty groups are never created.
    pub(super) async fn provision_group(
        &self,
        name: &str,
        number: usize,
        members: &[&str],
    ) -> Result<String> {
        self.progress.step();
        if let Some(id) = self.client.look_up("/Groups", &format!("displayName eq \"{name}\""), "").await? {
            return self.put_group(&id, name, members).await.map(|()| id);
        }
        let body = json!({
            "schemas": [GROUP],
            "displayName": name,
            "externalId": format!("66f1c0a9d4b7e2135c8ab{number:03x}"),
            "members": references(members),
        });
        self.client.create("/Groups", &body).await
    }

    /// The name and all members of a group anew.
    pub(super) async fn put_group(&self, id: &str, name: &str, members: &[&str]) -> Result<()> {
        let body = json!({"schemas": [GROUP], "id": id, "displayName": name, "members": references(members)});
        let group = self.client.put(&format!("/Groups/{id}"), &body).await?;
        let stored = group["members"].as_array().map_or(0, Vec::len);
        ensure!(
            stored == members.len(),
            "a group has {stored} members after a PUT of {}: {group}",
            members.len()
        );
        Ok(())
    }

    /// Adds one member.
    pub(super) async fn add_member(&self, group: &str, member: &str) -> Result<()> {
        self.patch_group(group, json!([{"op": "add", "path": "members", "value": references(&[member])}]))
            .await
    }

    /// Removes one member: a value array and no filter.
    pub(super) async fn remove_member(&self, group: &str, member: &str) -> Result<()> {
        self.patch_group(group, json!([{"op": "remove", "path": "members", "value": references(&[member])}]))
            .await
    }

    /// A managed group deleted in the directory.
    pub(super) async fn delete_group(&self, id: &str) -> Result<()> {
        self.client.delete(&format!("/Groups/{id}")).await
    }

    async fn patch_group(&self, id: &str, operations: Value) -> Result<()> {
        let body = json!({"schemas": [PATCH], "Operations": operations});
        self.client.patch(&format!("/Groups/{id}"), &body, StatusCode::OK).await.map(drop)
    }
}

fn references(members: &[&str]) -> Vec<Value> {
    members.iter().map(|member| json!({"value": member})).collect()
}

/// The shape of a create: a telephone URI, a hexadecimal id, the enterprise schema without its object.
fn user(person: &Person) -> Value {
    json!({
        "active": true,
        "addresses": [{
            "country": "IS", "locality": "Höfn", "primary": true, "region": "Austurland",
            "streetAddress": format!("Saltgata {}", person.number % 40 + 1), "type": "work",
        }],
        "displayName": person.display_name(),
        "emails": [{"primary": true, "type": "work", "value": person.user_name}],
        "externalId": format!("66f1c0a9d4b7e2135c8a9{:03x}", person.number),
        "locale": "en-US",
        "name": {"familyName": person.family, "givenName": person.given},
        "phoneNumbers": [{"primary": true, "type": "work", "value": format!("tel:+00-555-01{:02}", person.number)}],
        "preferredLanguage": "en-US",
        "schemas": [USER, ENTERPRISE],
        "userName": person.user_name,
    })
}
