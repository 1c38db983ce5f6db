//! Devices on which people use the application.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use operations::api_tokens::Scope;
use operations::devices::{self, New, Seen};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::application::Client;
use super::body::{Json, Path};
use super::people::person;
use super::problem::{Problem, Rejected};
use crate::app::App;

/// The most sightings of one request.
const MOST_SEEN: usize = 1_000;

/// A device.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Device {
    /// The application's own name for it, unique for the person.
    reference: String,
    /// What people call it.
    name: String,
    /// Its operating system.
    platform: String,
    /// The version of the application on it.
    app_version: String,
    /// When it was registered.
    registered_at: DateTime<Utc>,
    /// When the application saw it last.
    seen_at: DateTime<Utc>,
    /// When it was last authenticated by the application's hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    hub_authenticated_at: Option<DateTime<Utc>>,
    /// When it was revoked: the application signs the person out on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<DateTime<Utc>>,
}

/// The devices of a person.
#[derive(Debug, Serialize, ToSchema)]
struct Devices {
    /// All of them, the revoked ones too.
    items: Vec<Device>,
}

/// What is known of a device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Registered {
    /// What people call it.
    name: String,
    /// Its operating system.
    platform: String,
    /// The version of the application on it.
    app_version: String,
}

/// What the hub says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Hub {
    /// Whether the hub has authenticated the device; `false` has it do so anew.
    authenticated: bool,
}

/// A sighting.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sighting {
    /// The person's id.
    person: String,
    /// The reference of the device.
    device: Option<String>,
    /// When.
    at: DateTime<Utc>,
}

impl From<devices::Device> for Device {
    fn from(device: devices::Device) -> Self {
        Self {
            reference: device.reference,
            name: device.name,
            platform: device.platform,
            app_version: device.app_version,
            registered_at: device.registered_at,
            seen_at: device.seen_at,
            hub_authenticated_at: device.hub_authenticated_at,
            revoked_at: device.revoked_at,
        }
    }
}

/// Lists the devices of a person.
#[utoipa::path(
    get, path = "/people/{id}/devices", operation_id = "listDevices", tag = "devices", security(("bearer" = [])),
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "The devices", body = Devices),
        (status = 404, description = "There is no such person", body = Problem))
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    client: Client,
    Path(id): Path<String>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::PeopleRead)?;
    let devices = devices::list(app.db(), requester, person(&id)?).await?;
    Ok(Answer(Devices { items: devices.into_iter().map(Device::from).collect() }).into_response())
}

/// Registers a device, or tells again what is known of it; the first one signs the person in.
#[utoipa::path(
    put, path = "/people/{id}/devices/{reference}", operation_id = "registerDevice", tag = "devices",
    security(("bearer" = [])), request_body = Registered,
    params(("id" = String, Path, description = "The person's id"),
        ("reference" = String, Path, description = "The application's own name for the device")),
    responses((status = 200, description = "The device", body = Device),
        (status = 404, description = "There is no such person", body = Problem),
        (status = 409, description = "The person has no access", body = Problem),
        (status = 422, description = "A text cannot be used, or the device was revoked", body = Problem))
)]
pub(super) async fn register(
    State(app): State<Arc<App>>,
    client: Client,
    Path((id, reference)): Path<(String, String)>,
    Json(registered): Json<Registered>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::DevicesWrite)?;
    let Registered { name, platform, app_version } = registered;
    let new = New { reference, name, platform, app_version };
    let device: Device = devices::register(app.db(), requester, person(&id)?, &new).await?.into();
    Ok(Answer(device).into_response())
}

/// Revokes a device.
#[utoipa::path(
    delete, path = "/people/{id}/devices/{reference}", operation_id = "revokeDevice", tag = "devices",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The person's id"),
        ("reference" = String, Path, description = "The application's own name for the device")),
    responses((status = 200, description = "The device", body = Device),
        (status = 404, description = "There is no such person or device", body = Problem))
)]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    client: Client,
    Path((id, reference)): Path<(String, String)>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::DevicesWrite)?;
    let device: Device = devices::revoke(app.db(), requester, person(&id)?, &reference).await?.into();
    Ok(Answer(device).into_response())
}

/// Notes that the hub has authenticated a device, or is to do so anew.
#[utoipa::path(
    post, path = "/people/{id}/devices/{reference}/hub", operation_id = "noteHub", tag = "devices",
    security(("bearer" = [])), request_body = Hub,
    params(("id" = String, Path, description = "The person's id"),
        ("reference" = String, Path, description = "The application's own name for the device")),
    responses((status = 200, description = "The device", body = Device),
        (status = 404, description = "There is no such person or device", body = Problem),
        (status = 409, description = "The device was revoked, and cannot be authenticated", body = Problem))
)]
pub(super) async fn hub(
    State(app): State<Arc<App>>,
    client: Client,
    Path((id, reference)): Path<(String, String)>,
    Json(hub): Json<Hub>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::DevicesWrite)?;
    let (user, authenticated) = (person(&id)?, hub.authenticated);
    let device: Device = devices::hub(app.db(), requester, user, &reference, authenticated).await?.into();
    Ok(Answer(device).into_response())
}

/// Notes when people and devices were seen; cheap, and made for many at once.
#[utoipa::path(
    post, path = "/seen", operation_id = "noteSeen", tag = "devices", security(("bearer" = [])),
    request_body = Vec<Sighting>,
    responses((status = 204, description = "Noted; people and devices that are not there, and instants before 1970, were \
            passed over, and instants in the future count as now"),
        (status = 422, description = "There are too many, or an id cannot be one", body = Problem))
)]
pub(super) async fn seen(
    State(app): State<Arc<App>>,
    client: Client,
    Json(sightings): Json<Vec<Sighting>>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::DevicesWrite)?;
    if sightings.len() > MOST_SEEN {
        let detail = format!("A request has at most {MOST_SEEN} sightings.");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", detail).into());
    }
    let seen = sightings.into_iter().map(|Sighting { person: id, device, at }| {
        let unknown = |_| {
            let detail = format!("\"{}\" is no person's id.", id.chars().take(100).collect::<String>());
            Rejected::from(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", detail))
        };
        Ok(Seen { user: person(&id).map_err(unknown)?, device, at })
    });
    let seen: Vec<Seen> = seen.collect::<Result<_, Rejected>>()?;
    devices::seen(app.db(), requester, &seen).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
