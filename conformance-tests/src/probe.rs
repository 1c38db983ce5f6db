//! Which attributes a server keeps, of those that its schemas have: tests that need one for something else are skipped when
//! it does not, because the requirements about the attributes themselves tell that already.
use serde_json::{Value, json};

use crate::lacking::{ENTERPRISE_ATTRIBUTES, USER_ATTRIBUTES};
use crate::make::names_are_addresses;
use crate::service::Service;
use crate::support::{CERTIFICATE, ENTERPRISE, GROUP, USER};
use crate::{Target, group, unique, user};

/// A schema's URN and the name of one of its attributes.
pub(crate) type Attribute = (&'static str, &'static str);

/// Makes addresses of all names where the server takes no other user names, which some do.
pub(crate) fn fit_names(target: &Target) {
    let is_taken = || made(target, "/Users", &user(&unique("probe")), |_| ()).is_some();
    if !is_taken() {
        names_are_addresses(true);
        names_are_addresses(is_taken());
    }
}

/// The attributes that do not come back as they were sent. What the probe makes is deleted again.
pub(crate) fn lost(target: &Target, service: &Service) -> Vec<Attribute> {
    let core = USER_ATTRIBUTES.iter().map(|name| (USER, *name));
    let extension = ENTERPRISE_ATTRIBUTES.iter().map(|name| (ENTERPRISE, *name));
    let has = |(urn, name): &Attribute| service.lacks_attribute(urn, name).is_none() && *name != "password";
    let wanted: Vec<Attribute> =
        core.chain(extension).filter(has).filter(|one| sample(one.1).is_some()).collect();
    let mut lost = missing(target, &wanted);
    if lost.len() == wanted.len() {
        // Refused as a whole: one that is not taken must not hide the others, if users can be made at all.
        if made(target, "/Users", &user(&unique("probe")), |_| ()).is_none() {
            return Vec::new();
        }
        lost = wanted.iter().flat_map(|one| missing(target, &[*one])).collect();
    }
    if service.has_endpoint("Groups") && !keeps_members(target) {
        lost.push((GROUP, "members"));
    }
    lost
}

/// Those of these attributes that a new user does not show.
fn missing(target: &Target, wanted: &[Attribute]) -> Vec<Attribute> {
    let mut body = user(&unique("probe"));
    for (urn, name) in wanted {
        let Some(value) = sample(name) else { continue };
        if *urn == ENTERPRISE {
            body[ENTERPRISE][*name] = value;
            body["schemas"] = json!([USER, ENTERPRISE]);
        } else {
            body[*name] = value;
        }
    }
    let shown = made(target, "/Users", &body, |_| ()).unwrap_or_default();
    let is_kept = |(urn, name): &Attribute| {
        let place = if *urn == ENTERPRISE { &shown[ENTERPRISE] } else { &shown };
        sample(name).is_some_and(|sent| includes(&place[*name], &sent))
    };
    wanted.iter().copied().filter(|one| !is_kept(one)).collect()
}

fn keeps_members(target: &Target) -> bool {
    let mut kept = false;
    made(target, "/Users", &user(&unique("probe")), |person| {
        let mut body = group(&unique("probe"));
        body["members"] = json!([{ "value": person["id"] }]);
        let shown = made(target, "/Groups", &body, |_| ()).unwrap_or_default();
        kept = includes(&shown["members"], &body["members"]);
    });
    kept
}

/// A new resource as a fresh GET shows it; it is deleted after `with` has used it.
fn made(target: &Target, endpoint: &str, body: &Value, with: impl FnOnce(&Value)) -> Option<Value> {
    let received = target.request("POST", endpoint).json(body).received().ok()?;
    let id = serde_json::from_str::<Value>(&received.text).ok()?["id"].as_str()?.to_owned();
    let path = format!("{endpoint}/{id}");
    let shown = target.request("GET", &path).received().ok()?;
    let shown = serde_json::from_str(&shown.text).ok();
    with(shown.as_ref()?);
    let _ = target.request("DELETE", &path).received();
    shown
}

/// Whether all that was sent is in what is shown; a server may add to it.
pub(crate) fn includes(shown: &Value, sent: &Value) -> bool {
    match sent {
        Value::Object(parts) => parts.iter().all(|(name, part)| includes(&shown[name], part)),
        Value::Array(elements) => {
            let all = shown.as_array().map(Vec::as_slice).unwrap_or_default();
            elements.iter().all(|element| all.iter().any(|one| includes(one, element)))
        }
        _ => shown == sent,
    }
}

/// A value that every server that has the attribute can keep.
fn sample(name: &str) -> Option<Value> {
    Some(match name {
        "name" => json!({ "givenName": "Kim" }),
        "profileUrl" => json!("https://people.example/kim"),
        "preferredLanguage" => json!("en"),
        "locale" => json!("en-US"),
        "timezone" => json!("Europe/Berlin"),
        "active" => json!(true),
        "emails" => json!([{ "value": "kim@people.example", "type": "work" }]),
        "phoneNumbers" => json!([{ "value": "tel:+1-201-555-0123", "type": "work" }]),
        "ims" => json!([{ "value": "kim", "type": "aim" }]),
        "photos" => json!([{ "value": "https://people.example/kim.png", "type": "photo" }]),
        "addresses" => json!([{ "locality": "Oslo", "type": "work" }]),
        "entitlements" | "roles" => json!([{ "value": "reader" }]),
        "x509Certificates" => json!([{ "value": CERTIFICATE }]),
        "manager" | "password" => return None,
        _ => json!("probe"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_add_to_what_it_keeps() {
        let sent = json!([{ "value": "a" }]);
        assert!(includes(&json!([{ "value": "b" }, { "value": "a", "primary": true }]), &sent));
        assert!(!includes(&json!([{ "value": "b" }]), &sent) && !includes(&Value::Null, &sent));
        assert!(includes(&json!({ "givenName": "Kim", "formatted": "Kim" }), &json!({ "givenName": "Kim" })));
    }

    #[test]
    fn every_attribute_but_two_has_a_sample() {
        let all = USER_ATTRIBUTES.iter().chain(ENTERPRISE_ATTRIBUTES);
        let without: Vec<_> = all.filter(|name| sample(name).is_none()).copied().collect();
        assert_eq!(without, ["password", "manager"]);
    }
}
