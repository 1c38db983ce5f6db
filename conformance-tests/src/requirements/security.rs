//! What can be seen from outside of authentication and of hostile input (RFC 7644 §2 and §7).
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use serde_json::{Value, json};

use crate::client::Target;
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{SEARCH, Scratch, path_of, refused};
use crate::{encode, group, patch_op, skip, unique, user};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_sec_01, r_sec_03, r_sec_08, r_sec_10, r_sec_11, r_sec_12, r_sec_17, r_sec_18, r_sec_23, r_sec_24
];

/// Whether the server is on this machine, where nobody listens in.
fn is_local(base: &str) -> bool {
    let host = base.split("://").nth(1).unwrap_or_default();
    ["127.", "localhost", "[::1]"].iter().any(|local| host.starts_with(local))
}

/// Without TLS nothing is served, but to the machine itself.
fn r_sec_01(run: &Run) {
    let target = run.target();
    if is_local(&target.base) {
        skip("the server is on this machine");
    }
    let rest = target.base.split("://").nth(1).unwrap_or_default();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let plain =
        if target.base.starts_with("http://") { target.base.clone() } else { format!("http://{host}{path}") };
    let url = format!("{plain}/Users?count=1");
    let open = target.request("GET", &url).no_auth().within(Duration::from_secs(10));
    // A closed port is the best answer; whoever asks for a token there would take it there.
    if let Ok(received) = open.received() {
        assert!(![200, 401].contains(&received.status), "{plain} is served without TLS: {}", received.status);
    }
}

/// Nothing but what describes the service is given without authentication.
fn r_sec_03(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let path = path_of(&person);
    let search = json!({ "schemas": [SEARCH], "filter": "userName pr" });
    let change = patch_op(json!([{ "op": "replace", "path": "title", "value": "x" }]));
    for (method, path, body) in [
        ("GET", "/Users", None),
        ("GET", "/Groups", None),
        ("GET", &path, None),
        ("PUT", &path, Some(&person)),
        ("PATCH", &path, Some(&change)),
        ("DELETE", &path, None),
        ("POST", "/Users/.search", Some(&search)),
    ] {
        let request = scratch.request(method, path).no_auth();
        let request = if let Some(body) = body { request.json(body) } else { request };
        request.send().expect_error(401, &[]);
    }
    assert_eq!(scratch.again(&person), person);
}

/// What an address says of tokens, if anything.
fn metadata(target: &Target, address: &str) -> Option<Value> {
    let request = target.request("GET", address).no_auth().header("accept", "application/json");
    let received = request.within(Duration::from_secs(10)).received().ok()?;
    if received.status == 200 { serde_json::from_str(&received.text).ok() } else { None }
}

/// Where metadata of this kind about an address are (RFC 8414 §3.1, RFC 9728 §3.1).
fn well_known(address: &str, kind: &str) -> String {
    let (origin, path) = parted(address);
    format!("{origin}/.well-known/{kind}{path}")
}

/// The origin and the path of an address.
fn parted(address: &str) -> (&str, &str) {
    let address = address.trim_end_matches('/');
    let host = address.find("://").map_or(0, |at| at + 3);
    address.split_at(address[host..].find('/').map_or(address.len(), |at| host + at))
}

/// What a server that gives tokens says of itself: as RFC 8414 has it, or else as OpenID Connect does.
fn authorization_server(target: &Target, issuer: &str) -> Option<Value> {
    let openid = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    metadata(target, &well_known(issuer, "oauth-authorization-server")).or_else(|| metadata(target, &openid))
}

/// The keys of a server that gives tokens, each by its algorithm and its id.
fn keys(target: &Target, issuer: &str) -> Vec<(String, Value)> {
    let server = authorization_server(target, issuer).unwrap_or_default();
    let keys = server["jwks_uri"].as_str().and_then(|address| metadata(target, address)).unwrap_or_default();
    let keys = keys["keys"].as_array().cloned().unwrap_or_default();
    let algorithm = |key: &Value| match key["kty"].as_str() {
        Some("OKP") => "EdDSA",
        Some("EC") => "ES256",
        _ => "RS256",
    };
    keys.iter().take(3).map(|key| (algorithm(key).to_owned(), key["kid"].clone())).collect()
}

/// A token that no key has signed lets nobody in, whatever the token says of itself.
fn r_sec_08(run: &Run) {
    let target = &run.target();
    let resource =
        metadata(target, &well_known(&target.base, "oauth-protected-resource")).unwrap_or_default();
    let named = resource["authorization_servers"].as_array().cloned().unwrap_or_default();
    let issuers = named.iter().filter_map(Value::as_str).take(3).chain([target.base.as_str()]);
    // The clock of the server: it has just made something.
    let made = run.shared().person(&json!({}))["meta"]["created"].clone();
    let now = made.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let now = now.unwrap_or_else(|| skip("a new user does not say when it was created")).timestamp();
    let encoded = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    for issuer in issuers {
        let claims = json!({
            "iss": issuer, "aud": target.base, "sub": "client", "client_id": "client", "jti": unique("token"),
            "scope": "scim", "iat": now, "nbf": now, "exp": now + 300,
        });
        let claims = encoded(claims.to_string().as_bytes());
        let mut heads = keys(target, issuer);
        heads.extend(["none", "None", "HS256", "RS256", "ES256"].map(|name| (name.to_owned(), Value::Null)));
        for (algorithm, key) in heads {
            for kind in ["at+jwt", "JWT"] {
                let mut header = json!({ "alg": algorithm, "typ": kind });
                if !key.is_null() {
                    header["kid"] = key.clone();
                }
                let signature = if algorithm == "none" { String::new() } else { encoded(&[7; 64]) };
                let token = format!("Bearer {}.{claims}.{signature}", encoded(header.to_string().as_bytes()));
                let request = target.request("GET", "/Users?count=1").no_auth();
                request.header("authorization", &token).send().expect_error(401, &[]);
            }
        }
    }
}

/// The service says which server gives tokens for it, and that server says how: no password of a person is asked for.
fn r_sec_11(run: &Run) {
    let target = &run.target();
    let address = well_known(&target.base, "oauth-protected-resource");
    let request = target.request("GET", &address).no_auth().header("accept", "application/json");
    let resource = request.send().expect_status(200).json();
    assert_eq!(resource["resource"].as_str().map(|it| it.trim_end_matches('/')), Some(target.base.as_str()));
    let challenge = target.request("GET", "/Users?count=1").no_auth().send().expect_error(401, &[]);
    let challenge = challenge.header("www-authenticate").unwrap_or_default().to_owned();
    assert!(challenge.contains(&format!("resource_metadata=\"{address}\"")), "{challenge}");
    let servers = resource["authorization_servers"].as_array().cloned().unwrap_or_default();
    assert!(!servers.is_empty(), "{resource}");
    for issuer in servers {
        let issuer = issuer.as_str().unwrap_or_else(|| panic!("{issuer} is no address of a server"));
        let Some(server) = authorization_server(target, issuer) else {
            assert_ne!(parted(issuer).0, parted(&target.base).0, "{issuer} says nothing of itself");
            skip(&format!("{issuer} says nothing of itself, or cannot be reached from here"))
        };
        assert_eq!(server["issuer"], issuer, "{server}");
        assert!(server["token_endpoint"].is_string(), "{server}");
        // A server that does not say so has the code and the implicit grant (RFC 8414 §2).
        let usual = || vec![json!("authorization_code"), json!("implicit")];
        let grants = server["grant_types_supported"].as_array().cloned().unwrap_or_else(usual);
        assert!(!grants.iter().any(|grant| grant == "implicit" || grant == "password"), "{server}");
        if server.get("authorization_endpoint").is_some() {
            let methods = server["code_challenge_methods_supported"].as_array().cloned().unwrap_or_default();
            assert!(methods.contains(&json!("S256")), "{server}");
        }
    }
}

/// A name and a password let nobody in.
fn r_sec_10(run: &Run) {
    // "admin:admin" and "any:password" in base64.
    for credentials in ["Basic YWRtaW46YWRtaW4=", "Basic YW55OnBhc3N3b3Jk"] {
        let request = run.target();
        let request = request.request("GET", "/Users?count=1").header("authorization", credentials);
        request.send().expect_error(401, &[]);
    }
}

/// A user name with characters that no name can have is refused.
fn r_sec_12(run: &Run) {
    let scratch = run.shared();
    for odd in ["\u{7}", "\u{1b}", "\u{202e}", "\u{ffff}"] {
        let name = format!("{}{odd}x", unique("person"));
        scratch.post("/Users", &user(&name)).expect_error(400, &["invalidValue"]);
    }
}

/// Nobody is created without authentication.
fn r_sec_17(run: &Run) {
    let scratch = run.shared();
    let name = unique("anonymous");
    for (endpoint, body) in [("/Users", user(&name)), ("/Groups", group(&name))] {
        if run.service().has_endpoint(endpoint) {
            scratch.request("POST", endpoint).no_auth().json(&body).send().expect_error(401, &[]);
        }
    }
}

/// Fragments that would mean something to a database, a directory, a shell or a page.
const HOSTILE: &[&str] = &[
    "x' OR '1'='1",
    "x\" or userName pr or userName eq \"",
    "'; DROP TABLE users; --",
    "*)(uid=*",
    "${jndi:ldap://x.invalid/a}",
    "$(reboot)`reboot`",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "%' --",
    "\\",
];

/// Text in filters, sorts and paths never reaches what is behind the server, and everybody is never the answer.
fn r_sec_18(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for text in HOSTILE {
        let operand = format!("userName eq {}", json!(text));
        let filtered = scratch.get(&format!("/Users?filter={}", encode(&operand)));
        assert!(filtered.status < 500, "{operand} is answered {}", filtered.status);
        if filtered.status == 200 {
            assert_eq!(filtered.at("/totalResults"), Some(json!(0)), "{operand} finds somebody");
        }
        for path in [
            format!("/Users?count=1&filter={}", encode(text)),
            format!("/Users?count=1&sortBy={}", encode(text)),
            format!("/Users?count=1&attributes={}", encode(text)),
            format!("/Users/{}", encode(text)),
        ] {
            let answer = scratch.get(&path);
            assert!(answer.status < 500, "GET {path} is answered {}", answer.status);
        }
        let change = patch_op(json!([{ "op": "replace", "path": text, "value": "x" }]));
        let answer = scratch.patch(&path_of(&person), &change);
        assert!((400..500).contains(&answer.status), "PATCH of {text} is answered {}", answer.status);
    }
    assert_eq!(scratch.again(&person), person);
}

/// Credentials in a URL let nobody in, and no address that is shown has any.
fn r_sec_23(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let with_user = scratch.base.replacen("://", &format!("://client:{}@", encode(&scratch.token)), 1);
    let request = scratch.request("GET", &format!("{with_user}/Users?count=1")).no_auth();
    refused(request.send(), &[400, 401]);
    let location = person["meta"]["location"].as_str().unwrap_or_default();
    let authority = location.split("://").nth(1).unwrap_or_default().split('/').next().unwrap_or_default();
    assert!(!authority.contains('@'), "{location}");
}

/// Pages of other sites cannot use the service, and it sets no cookies.
fn r_sec_24(run: &Run) {
    let scratch: Scratch = run.shared();
    let person: Value = scratch.person(&json!({}));
    for path in ["/Users?count=1", &path_of(&person), "/ServiceProviderConfig"] {
        let answer =
            scratch.request("GET", path).header("origin", "https://evil.example").send().expect_status(200);
        for header in ["access-control-allow-origin", "set-cookie"] {
            assert_eq!(answer.header(header), None, "GET {path} has {header}");
        }
    }
}
