//! The service provider configuration and the resource types (RFC 7643 §5 and §6, RFC 7644 §4).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{LIST, NOT_WRITABLE, element, id_of, keys, path_of, refused, values};
use crate::{Answer, Level, group, patch_op, skip, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_spc_01, r_spc_02, r_spc_03, r_spc_04, r_spc_05, r_spc_06, r_spc_07, r_spc_08, r_spc_09, r_spc_10,
    r_spc_11, r_spc_12, r_spc_13, r_spc_14, r_spc_15, r_spc_16, r_rt_01, r_rt_02, r_rt_03, r_rt_04, r_rt_05,
    r_rt_07, r_rt_08, r_rt_09, r_rt_10, r_rt_11, r_rt_12, r_rt_14,
];

const CONFIG: &str = "/ServiceProviderConfig";
const CONFIG_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const TYPE_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";

fn config(run: &Run) -> Value {
    run.target().get(CONFIG).expect_status(200).json()
}

/// The resource types, as the list shows them.
fn types(run: &Run) -> Vec<Value> {
    let list = run.target().get("/ResourceTypes").expect_status(200).json();
    list["Resources"].as_array().cloned().unwrap_or_default()
}

/// Sends every method that writes; all must be refused.
fn refuses_writing(run: &Run, path: &str) {
    let target = run.target();
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let request = target.request(method, path);
        let request =
            if method == "DELETE" { request } else { request.json(&json!({ "schemas": [CONFIG_URN] })) };
        refused(request.send(), NOT_WRITABLE);
    }
}

/// Requires that two answers have the same body.
fn assert_same(plain: &Answer, other: &Answer) {
    if plain.json() != other.json() {
        other.fail(&format!("the parameters changed the answer from {}", plain.text));
    }
}

/// The service's configuration is one object of its schema.
fn r_spc_01(run: &Run) {
    let config = config(run);
    assert_eq!(config["schemas"], json!([CONFIG_URN]));
    assert!(config.get("Resources").is_none() && config.get("totalResults").is_none(), "{config}");
}

/// Every feature says whether it is supported.
fn r_spc_02(run: &Run) {
    let config = config(run);
    for name in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        assert!(config[name]["supported"].is_boolean(), "{name} in {config}");
    }
}

/// The limits of bulk requests are integers, even where there are none.
fn r_spc_03(run: &Run) {
    let config = config(run);
    for name in ["maxOperations", "maxPayloadSize"] {
        assert!(config["bulk"][name].is_u64(), "{name} in {config}");
    }
}

/// `filter.maxResults` is an integer that no list exceeds.
fn r_spc_04(run: &Run) {
    let scratch = run.shared();
    let most = config(run)["filter"]["maxResults"].as_u64().expect("an integer");
    for path in ["/Users?count=100000", "/Groups?count=100000"] {
        let list = scratch.list(path);
        let shown = list["Resources"].as_array().map_or(0, Vec::len);
        assert!(shown as u64 <= most, "{path} shows {shown}");
    }
}

/// Each authentication scheme has a known type, a name and a description.
fn r_spc_05(run: &Run) {
    let config = config(run);
    let schemes = config["authenticationSchemes"].as_array().expect("an array");
    assert!(!schemes.is_empty(), "{config}");
    for scheme in schemes {
        let kind = scheme["type"].as_str().unwrap_or_default();
        let known = ["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"];
        assert!(known.contains(&kind), "{scheme}");
        for name in ["name", "description"] {
            assert!(scheme[name].as_str().is_some_and(|text| !text.is_empty()), "{name} in {scheme}");
        }
    }
}

/// How to authenticate can be read without having done so.
fn r_spc_06(run: &Run) {
    let answer = run.target().request("GET", CONFIG).no_auth().send().expect_status(200);
    assert!(answer.at("/authenticationSchemes/0/type").is_some(), "{}", answer.text);
}

/// Optional members are URIs and booleans where they are there.
fn r_spc_07(run: &Run) {
    let config = config(run);
    let schemes = config["authenticationSchemes"].as_array().expect("an array");
    for object in schemes.iter().chain([&config]) {
        for name in ["documentationUri", "specUri"] {
            let uri = &object[name];
            let valid = uri.as_str().is_some_and(|uri| uri.starts_with("http") && !uri.contains(' '));
            assert!(uri.is_null() || valid, "{name} in {object}");
        }
        assert!(object["primary"].is_null() || object["primary"].is_boolean(), "{object}");
    }
    assert!(schemes.iter().filter(|scheme| scheme["primary"] == true).count() <= 1, "{config}");
}

/// The configuration needs no `id`; one that is there is text.
fn r_spc_08(run: &Run) {
    let config = config(run);
    assert!(config.get("id").is_none_or(|id| id.as_str().is_some_and(|id| !id.is_empty())), "{config}");
}

/// What the configuration says is true.
fn r_spc_09(run: &Run) {
    let scratch = run.shared();
    let config = config(run);
    let on = |name: &str| config[name]["supported"] == true;
    let person = scratch.person(&json!({}));
    let change = patch_op(json!([{ "op": "add", "path": "title", "value": "New" }]));
    let patch = scratch.patch(&path_of(&person), &change).check();
    let urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
    let bulk = scratch.post("/Bulk", &json!({ "schemas": [urn], "Operations": [] })).check();
    for (name, answer) in [("patch", &patch), ("bulk", &bulk)] {
        assert!(answer.status != 501 || !on(name), "{name} is claimed, and answered 501");
        run.at_most(Level::Should, || {
            assert!(
                answer.status == 501 || on(name),
                "{name} is not claimed, and answered {}",
                answer.status
            );
        });
    }
    let filter = scratch.get("/Users?filter=userName%20eq%20%22x%22&count=1").check();
    assert!(filter.status == 200 || !on("filter"), "a filter is claimed, and answered {}", filter.status);
    let read = scratch.get(&path_of(&person)).expect_status(200);
    assert!(read.header("etag").is_some() || !on("etag"), "etag is claimed, and not sent");
    scratch.get("/Users?sortBy=userName&sortOrder=descending&count=1").expect_status(200);
}

/// The configuration cannot be written.
fn r_spc_10(run: &Run) {
    refuses_writing(run, CONFIG);
}

/// A filter on the configuration is forbidden.
fn r_spc_11(run: &Run) {
    let path = format!("{CONFIG}?filter=patch.supported%20eq%20true");
    run.target().get(&path).expect_error(403, &[]);
}

/// Other parameters of lists are ignored here.
fn r_spc_12(run: &Run) {
    let target = run.target();
    let plain = target.get(CONFIG).expect_status(200);
    let asked = |query: &str| target.get(&format!("{CONFIG}?{query}")).expect_status(200);
    for query in ["sortBy=x&sortOrder=y", "startIndex=5&count=0"] {
        assert_same(&plain, &asked(query));
    }
    run.at_most(Level::Proj, || assert_same(&plain, &asked("attributes=patch")));
}

/// Where paging is described, it is in full.
fn r_spc_13(run: &Run) {
    let config = config(run);
    let paging = config.get("pagination").unwrap_or_else(|| skip("paging is not described"));
    assert!(paging["cursor"].is_boolean() && paging["index"].is_boolean(), "{paging}");
    let method = &paging["defaultPaginationMethod"];
    assert!(method.is_null() || *method == "cursor" || *method == "index", "{paging}");
    for name in ["defaultPageSize", "maxPageSize", "cursorTimeout"] {
        assert!(paging[name].is_null() || paging[name].as_u64().is_some_and(|size| size > 0), "{paging}");
    }
}

/// Where events are described, they are in full.
fn r_spc_14(run: &Run) {
    let config = config(run);
    let events = config.get("securityEvents").unwrap_or_else(|| skip("events are not described"));
    let mode = events["asyncRequest"].as_str().unwrap_or_default().to_lowercase();
    assert!(["none", "long", "request"].contains(&mode.as_str()), "{events}");
    let uris = events["eventUris"].as_array().expect("an array");
    let events = "urn:ietf:params:scim:event:";
    assert!(uris.iter().all(|uri| uri.as_str().is_some_and(|uri| uri.starts_with(events))), "{uris:?}");
}

/// The configuration has a `meta`, a version, and answers 304 to it.
fn r_spc_15(run: &Run) {
    let target = run.target();
    let answer = target.get(CONFIG).expect_status(200);
    let meta = answer.at("/meta").unwrap_or_default();
    assert_eq!(meta["resourceType"], "ServiceProviderConfig");
    assert_eq!(meta["location"], json!(format!("{}{CONFIG}", target.base)));
    let tag = answer.header("etag").unwrap_or_else(|| answer.fail("no ETag"));
    assert_eq!(meta["version"], json!(tag));
    target.request("GET", CONFIG).header("if-none-match", tag).send().expect_status(304);
}

/// The schema of the configuration describes everything that the configuration shows.
fn r_spc_16(run: &Run) {
    let schema = run.target().get(&format!("/Schemas/{CONFIG_URN}")).expect_status(200).json();
    let schemes = element(&schema["attributes"], "name", "authenticationSchemes");
    for name in ["type", "name", "description", "primary"] {
        element(&schemes["subAttributes"], "name", name);
    }
    let config = config(run);
    for name in keys(&config).into_iter().filter(|name| !["schemas", "id", "meta"].contains(name)) {
        let attribute = element(&schema["attributes"], "name", name);
        if let Some(object) = config[name].as_object() {
            object.keys().for_each(|part| drop(element(&attribute["subAttributes"], "name", part).clone()));
        }
    }
}

/// All resource types come in one list.
fn r_rt_01(run: &Run) {
    let list = run.target().get("/ResourceTypes").expect_status(200).json();
    assert_eq!(list["schemas"], json!([LIST]));
    let names = values(&list["Resources"], "name");
    assert_eq!(list["totalResults"], names.len());
    assert!(!names.is_empty(), "no resource type: {list}");
    run.at_most(Level::Proj, || {
        assert!(names.contains(&"User".to_owned()) && names.contains(&"Group".to_owned()), "{names:?}");
    });
}

/// One resource type is one object; an unknown name is 404.
fn r_rt_02(run: &Run) {
    let target = run.target();
    let kind = target.get("/ResourceTypes/User").expect_status(200).json();
    assert_eq!((&kind["name"], kind.get("Resources")), (&json!("User"), None));
    assert_eq!(Some(&kind), types(run).iter().find(|one| one["name"] == "User"));
    target.get("/ResourceTypes/Nothing").expect_error(404, &[]);
}

/// Each names its schema and an endpoint that answers.
fn r_rt_03(run: &Run) {
    let target = run.target();
    for kind in types(run) {
        assert_eq!(kind["schemas"], json!([TYPE_URN]), "{kind}");
        assert!(kind["name"].is_string() && kind["schema"].is_string(), "{kind}");
        let endpoint = kind["endpoint"].as_str().unwrap_or_default();
        assert!(endpoint.starts_with('/') && !endpoint.contains("://"), "{kind}");
        target.get(&format!("{endpoint}?count=1")).expect_status(200);
    }
}

/// The schemas that they name are served.
fn r_rt_04(run: &Run) {
    let schemas = run.target().get("/Schemas").expect_status(200).json();
    let served = values(&schemas["Resources"], "id");
    for kind in types(run) {
        let extensions = values(&kind["schemaExtensions"], "schema");
        for urn in extensions.iter().map(String::as_str).chain(kind["schema"].as_str()) {
            assert!(served.iter().any(|id| id == urn), "{urn} is not among {served:?}");
        }
    }
}

/// Extensions come in an array, each with a `required` flag.
fn r_rt_05(run: &Run) {
    for kind in types(run) {
        let extensions = &kind["schemaExtensions"];
        assert!(extensions.is_null() || extensions.is_array(), "{kind}");
        for extension in extensions.as_array().into_iter().flatten() {
            assert!(extension["required"].is_boolean() && extension["schema"].is_string(), "{kind}");
        }
    }
}

/// An extension that is not required may be left out.
fn r_rt_07(run: &Run) {
    let scratch = run.shared();
    for (kind, body) in [("User", user(&unique("user"))), ("Group", group(&unique("group")))] {
        let kind = scratch.read(&format!("/ResourceTypes/{kind}"));
        let extensions = kind["schemaExtensions"].as_array().cloned().unwrap_or_default();
        assert!(extensions.iter().all(|extension| extension["required"] == false), "{kind}");
        scratch.create(kind["endpoint"].as_str().expect("named"), &body);
    }
}

/// The type's name is what its resources show in `meta.resourceType`.
fn r_rt_08(run: &Run) {
    let scratch = run.shared();
    for (resource, name) in [(scratch.person(&json!({})), "User"), (scratch.team(&json!({})), "Group")] {
        assert_eq!(resource["meta"]["resourceType"], name);
        let endpoint = scratch.read(&format!("/ResourceTypes/{name}"))["endpoint"].clone();
        let path = format!("{}/{}", endpoint.as_str().expect("named"), id_of(&resource));
        assert_eq!(scratch.read(&path), resource);
    }
}

/// A resource type's `id` is its name.
fn r_rt_09(run: &Run) {
    for kind in types(run) {
        assert_eq!(kind["id"], kind["name"]);
    }
}

/// Resource types cannot be written.
fn r_rt_10(run: &Run) {
    refuses_writing(run, "/ResourceTypes");
    refuses_writing(run, "/ResourceTypes/User");
}

/// A filter on resource types is forbidden.
fn r_rt_11(run: &Run) {
    let path = "/ResourceTypes?filter=name%20eq%20%22User%22";
    run.target().get(path).expect_error(403, &[]);
}

/// Sorting and paging parameters are ignored here.
fn r_rt_12(run: &Run) {
    let target = run.target();
    let plain = target.get("/ResourceTypes").expect_status(200);
    for query in ["sortBy=name&sortOrder=descending", "startIndex=2&count=0", "count=abc"] {
        assert_same(&plain, &target.get(&format!("/ResourceTypes?{query}")).expect_status(200));
    }
}

/// Each has a `meta` with its location and type.
fn r_rt_14(run: &Run) {
    let target = run.target();
    for kind in types(run) {
        let meta = &kind["meta"];
        assert_eq!(meta["resourceType"], "ResourceType", "{kind}");
        assert_eq!(target.get(meta["location"].as_str().unwrap_or_default()).expect_status(200).json(), kind);
    }
}
