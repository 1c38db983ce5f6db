//! Devices of a network and the applications that work with them (RFC 9944).
use serde_json::{Value, json};

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{GROUP, Scratch, id_of, path_of, with};
use crate::{skip, unique};

/// The tests of this file. Each is skipped where the server has no such resources.
pub(super) const TESTS: &[Test] =
    tests![r_dev_01, r_dev_02, r_dev_03, r_dev_05, r_dev_06, r_dev_07, r_dev_08, r_dev_09, r_dev_10,];

const DEVICE: &str = "urn:ietf:params:scim:schemas:core:2.0:Device";
const APPLICATION: &str = "urn:ietf:params:scim:schemas:core:2.0:EndpointApp";
const ADDRESS: &str = "2C:54:91:88:C9:E2";

/// The URI of an extension of devices.
fn extension(name: &str) -> String {
    format!("urn:ietf:params:scim:schemas:extension:{name}:2.0:Device")
}

fn needs(run: &Run, endpoint: &str) {
    if !run.service().lists_endpoint(endpoint) {
        skip(&format!("the server has no resource type at `{endpoint}`"));
    }
}

/// A connection to a server with devices that have this extension.
fn with_extension(run: &Run, name: &str) -> Scratch {
    needs(run, "/Devices");
    if !run.service().has_extension(&extension(name)) {
        skip(&format!("no resource type of the server has the extension {}", extension(name)));
    }
    run.shared()
}

/// A device with these attributes of an extension.
fn device(name: &str, attributes: &Value) -> Value {
    let uri = extension(name);
    json!({ "schemas": [DEVICE, uri], "displayName": unique("device"), "active": true, uri: attributes })
}

fn ble(more: &Value) -> Value {
    let methods = [extension("pairingPassKey")];
    let usual = json!({ "versionSupport": ["5.3"], "deviceMacAddress": ADDRESS, "pairingMethods": methods });
    with(&usual, more)
}

/// Devices and applications live where the standard puts them.
fn r_dev_01(run: &Run) {
    needs(run, "/Devices");
    let types = run.target().get("/ResourceTypes").expect_status(200).json();
    let types = types["Resources"].as_array().cloned().unwrap_or_default();
    for (name, endpoint, schema) in
        [("Device", "/Devices", DEVICE), ("EndpointApp", "/EndpointApps", APPLICATION)]
    {
        let Some(found) = types.iter().find(|one| one["name"] == name) else { continue };
        assert_eq!((&found["endpoint"], &found["schema"]), (&json!(endpoint), &json!(schema)), "{found}");
    }
}

/// A device says whether it is active, and need not say more.
fn r_dev_02(run: &Run) {
    needs(run, "/Devices");
    let scratch = run.shared();
    scratch.post("/Devices", &json!({ "schemas": [DEVICE] })).expect_error(400, &["invalidValue"]);
    let made = scratch.create("/Devices", &json!({ "schemas": [DEVICE], "active": false }));
    assert_eq!(scratch.again(&made)["active"], false);
    let groups = json!([{ "op": "add", "path": "groups", "value": [{ "value": "x" }] }]);
    scratch.refuse(&made, groups, &["mutability"]);
}

/// An application says which kind it is, once.
fn r_dev_03(run: &Run) {
    needs(run, "/EndpointApps");
    let scratch = run.shared();
    let application = |kind: &str| json!({ "schemas": [APPLICATION], "applicationType": kind, "applicationName": unique("application") });
    let made = scratch.create("/EndpointApps", &application("telemetry"));
    let other = json!([{ "op": "replace", "path": "applicationType", "value": "deviceControl" }]);
    scratch.refuse(&made, other, &["mutability"]);
    scratch.post("/EndpointApps", &application("coffee")).expect_error(400, &["invalidValue"]);
    let nameless = json!({ "schemas": [APPLICATION], "applicationType": "telemetry" });
    scratch.post("/EndpointApps", &nameless).expect_error(400, &["invalidValue"]);
}

/// Where a group says of which type a device or an application in it is, it says the type of the resource.
fn r_dev_05(run: &Run) {
    needs(run, "/Devices");
    let scratch = run.shared();
    let mut members =
        vec![("Device", scratch.create("/Devices", &json!({ "schemas": [DEVICE], "active": true })))];
    if run.service().lists_endpoint("/EndpointApps") {
        let body = json!({ "schemas": [APPLICATION], "applicationType": "telemetry", "applicationName": unique("application") });
        members.push(("EndpointApp", scratch.create("/EndpointApps", &body)));
    }
    let value: Vec<Value> =
        members.iter().map(|(kind, made)| json!({ "value": made["id"], "type": kind })).collect();
    let body = json!({ "schemas": [GROUP], "displayName": unique("group"), "members": value });
    let made = scratch.create("/Groups", &body);
    for group in [&made, &scratch.again(&made)] {
        let shown = group["members"].as_array().cloned().unwrap_or_default();
        for (kind, made) in &members {
            let member = shown.iter().find(|it| it["value"] == made["id"]);
            let member = member.unwrap_or_else(|| panic!("the group does not hold {}: {group}", made["id"]));
            assert!(member.get("type").is_none_or(|it| it == kind), "{member}");
        }
    }
}

/// The address of a Bluetooth device has its form, its key is not shown, and how it is paired stands inside.
fn r_dev_06(run: &Run) {
    let scratch = with_extension(run, "ble");
    let pairing = json!({ extension("pairingPassKey"): { "key": 123_456 }, "irk": "x" });
    let made = scratch.create("/Devices", &device("ble", &ble(&pairing)));
    let shown = &scratch.again(&made)[extension("ble")];
    assert_eq!(shown[extension("pairingPassKey")], json!({ "key": 123_456 }), "{shown}");
    assert!(shown.get("irk").is_none(), "{shown}");
    let wrong = ble(&json!({ "deviceMacAddress": "2C-54-91-88-C9-E2" }));
    scratch.post("/Devices", &device("ble", &wrong)).expect_error(400, &["invalidValue"]);
}

/// What sets a device up is taken and not shown.
fn is_hidden(run: &Run, name: &str, secret: &str, usual: &Value) {
    let scratch = with_extension(run, name);
    let mut attributes = usual.clone();
    attributes[secret] = json!("TUZrd0V3WUhLb1pJemowQ0FR");
    let made = scratch.create("/Devices", &device(name, &attributes));
    for shown in [
        made.clone(),
        scratch.again(&made),
        scratch.read(&format!("{}?attributes={}:{secret}", path_of(&made), extension(name))),
    ] {
        assert!(shown[extension(name)].get(secret).is_none(), "{shown}");
    }
}

/// The key of Wi-Fi Easy Connect is not shown.
fn r_dev_07(run: &Run) {
    is_hidden(run, "dpp", "bootstrapKey", &json!({ "dppVersion": 2 }));
}

/// The voucher of FIDO Device Onboard is not shown.
fn r_dev_08(run: &Run) {
    is_hidden(run, "fido-device-onboard", "fdoVoucher", &json!({}));
}

/// The addresses of wired and of Zigbee devices have their forms.
fn r_dev_09(run: &Run) {
    for (name, address, good) in [
        ("ethernet-mab", "deviceMacAddress", ADDRESS),
        ("zigbee", "deviceEui64Address", "50:32:5F:FF:FE:E7:67:28"),
    ] {
        let scratch = with_extension(run, name);
        let attributes = |value: &str| {
            let versions = (name == "zigbee").then(|| json!({ "versionSupport": ["3.0"] }));
            with(&versions.unwrap_or_else(|| json!({})), &json!({ address: value }))
        };
        scratch.create("/Devices", &device(name, &attributes(good)));
        let refused = scratch.post("/Devices", &device(name, &attributes("here")));
        refused.expect_error(400, &["invalidValue"]);
    }
}

/// A device names the applications that work with it, and the server says where they are.
fn r_dev_10(run: &Run) {
    let scratch = with_extension(run, "endpointAppsExt");
    needs(run, "/EndpointApps");
    let application = json!({ "schemas": [APPLICATION], "applicationType": "telemetry", "applicationName": unique("application") });
    let application = scratch.create("/EndpointApps", &application);
    let attributes = json!({ "applications": [{ "value": id_of(&application) }] });
    let made = scratch.create("/Devices", &device("endpointAppsExt", &attributes));
    let shown = scratch.again(&made)[extension("endpointAppsExt")]["applications"][0].clone();
    assert_eq!(shown["value"], application["id"], "{shown}");
    let address = shown["$ref"].as_str().unwrap_or_default();
    assert!(address.ends_with(&path_of(&application)), "{shown}");
}
