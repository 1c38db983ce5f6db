//! The settings that are addresses: what is refused, and how one is shown without its password.

use http::Uri;

/// What a database URL of `PostgreSQL` may say behind `?`; the driver would write others into the log.
const PARAMETERS: &[&str] = &[
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// What stands for a password.
const HIDDEN: &str = "•••";

/// Refuses a database URL that cannot be used, or in which a password could be taken for something else.
pub(super) fn database(url: &str) -> Result<(), String> {
    if url.starts_with("sqlite:") {
        return Ok(());
    }
    let schemes = ["postgres://", "postgresql://"];
    let Some(rest) = schemes.iter().find_map(|scheme| url.strip_prefix(scheme)) else {
        let advice = "use sqlite://FILE?mode=rwc or postgres://USER:PASSWORD@HOST/NAME";
        return Err(format!("database_url names no database that is supported: {advice}."));
    };
    let (authority, tail) = split_authority(rest);
    if tail.contains(['@', '#']) {
        let advice = "write / as %2F, ? as %3F, # as %23, @ as %40 and % as %25";
        return Err(format!("database_url has @ or # behind the host. In user name and password, {advice}."));
    }
    if !has_plain_port(authority) {
        let advice = "write it like postgres://USER:PASSWORD@HOST:PORT/NAME";
        return Err(format!("database_url has no host, or a port that is no number up to 65535: {advice}."));
    }
    let parameters = tail.split_once('?').map_or("", |(_, parameters)| parameters);
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if !PARAMETERS.contains(&key) {
            return Err(format!(
                "database_url has a parameter that is not one of these: {}.",
                PARAMETERS.join(", ")
            ));
        }
        if key == "statement-cache-capacity" && !value.parse::<usize>().is_ok_and(|number| number <= 10_000) {
            return Err("statement-cache-capacity in database_url must be a number up to 10000.".to_owned());
        }
    }
    Ok(())
}

/// Refuses an address to listen on that has no host or no port.
pub(super) fn listen(address: &str) -> Result<(), String> {
    let parts = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    match parts {
        Some((_, port)) if port.parse::<u16>().is_ok() => Ok(()),
        _ => Err("listen must be an address and a port, like 127.0.0.1:8080 or [::]:8080.".to_owned()),
    }
}

/// Refuses a base address that links cannot begin with; an empty one is the listening address.
pub(super) fn base(address: &str) -> Result<(), String> {
    if address.is_empty() {
        return Ok(());
    }
    let refused = |reason: &str| {
        let advice = "like https://scim.example.com, without a slash at its end";
        Err(format!("base_url {reason}: it must be {advice}."))
    };
    if address.ends_with('/') {
        return refused("ends with a slash");
    }
    if address.contains(['?', '#']) {
        return refused("has a query or a fragment");
    }
    let Ok(uri) = address.parse::<Uri>() else { return refused("is no URL") };
    let scheme = uri.scheme_str().unwrap_or_default();
    let (Some(authority), "http" | "https") = (uri.authority(), scheme) else {
        return refused("has no scheme http or https");
    };
    if authority.as_str().contains('@') {
        return refused("has a user name or a password");
    }
    let (host, port) = (authority.host(), authority.as_str().strip_prefix(authority.host()));
    let is_port = |text: &str| text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    if host.is_empty() || !port.is_some_and(|port| port.is_empty() || is_port(port)) {
        return refused("has no host, or a port that is no number up to 65535");
    }
    if uri.path().contains("//") || uri.path().split('/').any(|segment| [".", ".."].contains(&segment)) {
        return refused("has a path with empty or dotted segments");
    }
    Ok(())
}

/// The text, or if it is a URL, the URL without its password and without parameters that may hold one.
pub(super) fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    if scheme == "sqlite" {
        return text.to_owned();
    }
    let (authority, tail) = split_authority(rest);
    if tail.contains('@') || !has_plain_port(authority) {
        // The password may hold what ends the host, or stand where the port should, and then it would be shown.
        return format!("{scheme}://{HIDDEN}");
    }
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:{HIDDEN}@{host}"),
            None => format!("{user}@{host}"),
        },
        None => authority.to_owned(),
    };
    let Some((path, parameters)) = tail.split_once('?') else {
        return format!("{scheme}://{authority}{tail}");
    };
    let shown = parameters.split('&').map(|parameter| match parameter.split_once('=') {
        Some((key, _)) if key == "password" || !PARAMETERS.contains(&key) => format!("{key}={HIDDEN}"),
        Some(_) => parameter.to_owned(),
        None => HIDDEN.to_owned(),
    });
    format!("{scheme}://{authority}{path}?{}", shown.collect::<Vec<_>>().join("&"))
}

/// Whether the port behind the host is a number, or there is none.
fn has_plain_port(authority: &str) -> bool {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let behind = host.rsplit_once(']').map_or(host, |(_, behind)| behind);
    behind.split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok())
}

/// User, password, host and port, and what stands behind them.
fn split_authority(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_wherever_a_url_holds_them() {
        for (url, shown) in [
            ("postgres://u:p@h/d", "postgres://u:•••@h/d"),
            ("postgres://u:p@x@h/d?port=1", "postgres://u:•••@h/d?port=1"),
            ("postgres://h/d?user=u&password=p&port=1", "postgres://h/d?user=u&password=•••&port=1"),
            ("postgres://h/d?sslpassword=p", "postgres://h/d?sslpassword=•••"),
            ("postgres://h/d?p%61ssword=p", "postgres://h/d?p%61ssword=•••"),
            ("postgres://h/d?secret", "postgres://h/d?•••"),
            ("postgres://u:p/w@h/d", "postgres://•••"),
            ("postgres://u:1?w@h/d", "postgres://•••"),
            ("postgres://u:1#w@h/d", "postgres://•••"),
            ("postgres://h/d?password=p@w", "postgres://•••"),
            ("postgres://u:p", "postgres://•••"),
            ("postgres://u:p/d", "postgres://•••"),
            ("postgres://u:p@[::1]:5432/d", "postgres://u:•••@[::1]:5432/d"),
            ("postgres://u:p%2Fw@h/d", "postgres://u:•••@h/d"),
            ("sqlite:///var/lib/r.db?mode=rwc", "sqlite:///var/lib/r.db?mode=rwc"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("sqlite::memory:", "sqlite::memory:"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn a_database_url_is_refused_where_a_password_could_be_taken_for_something_else() {
        for (url, words) in [
            ("mysql://h/d", "sqlite://FILE"),
            ("postgres:h", "sqlite://FILE"),
            ("postgres://u:s3cret/w@h/d", "%2F"),
            ("postgres://u:1?s3cret@h/d", "%3F"),
            ("postgres://u:1#s3cret@h/d", "%23"),
            ("postgres://h/d?password=s3cret@w", "%40"),
            ("postgres://u:s3cret", "no host"),
            ("postgres://u:s3cret/d", "no host"),
            ("postgres://u:p@h:99999/d", "65535"),
            ("postgres://h/d?sslpassword=s3cret", "application_name"),
            ("postgres://h/d?p%61ssword=s3cret", "application_name"),
            ("postgres://h/d?statement-cache-capacity=18446744073709551615", "up to 10000"),
        ] {
            let error = database(url).expect_err(url);
            assert!(error.contains(words) && !error.contains("s3cret"), "{error}");
        }
        for url in [
            "sqlite::memory:",
            "postgres://u:p%2F@h/d?sslmode=require",
            "postgresql:///d?host=/run",
            "postgres://u:p@[::1]:5432/d",
        ] {
            database(url).expect(url);
        }
    }

    #[test]
    fn a_base_url_is_one_that_links_can_begin_with() {
        for address in ["", "https://scim.example.com", "http://[::1]:8080", "https://x.example:8443/a/b"] {
            base(address).expect(address);
        }
        for address in [
            "https://x.example/",
            "https://x.example?a",
            "https://x.example#a",
            "ftp://x.example",
            "x.example",
            "/scim",
            "https://",
            "https://:80",
            "https://x.example:99999",
            "https://x.example:",
            "https://u:p@x.example",
            "https://x .example",
            "https://x.example/a//b",
            "https://x.example/../b",
            "https://x.example/\n",
        ] {
            let error = base(address).expect_err(address);
            assert!(error.contains("without a slash"), "{error}");
        }
    }

    #[test]
    fn an_address_to_listen_on_has_a_host_and_a_port() {
        for address in ["127.0.0.1:0", "[::]:8080", "localhost:65535"] {
            listen(address).expect(address);
        }
        for address in ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "h:http"] {
            listen(address).expect_err(address);
        }
    }
}
