//! The bounds of every number among the settings, and which numbers must fit each other.

use super::{Config, ConfigError};

/// The least and the most that a number may be.
struct Bound {
    key: &'static str,
    least: u64,
    most: u64,
    /// Why, as the end of a sentence.
    reason: &'static str,
    of: fn(&Config) -> u64,
}

/// Two numbers of which the first must not be more than the second.
struct Order {
    less: &'static str,
    more: &'static str,
    /// Why, as the end of a sentence.
    reason: &'static str,
}

const fn bound(
    key: &'static str,
    (least, most): (u64, u64),
    reason: &'static str,
    of: fn(&Config) -> u64,
) -> Bound {
    Bound { key, least, most, reason, of }
}

/// Every number of the manual.
const BOUNDS: &[Bound] = &[
    bound(
        "database_connections",
        (2, 1_000),
        "one tenant must leave a connection to the others, and each costs the database memory",
        |config| config.database_connections.into(),
    ),
    bound(
        "limits.body_bytes",
        (1_024, 1 << 30),
        "a user must fit into a body, and a body must fit into memory",
        |config| config.limits.body_bytes as u64,
    ),
    bound(
        "limits.json_depth",
        (8, 127),
        "a PATCH of a user is nested six deep, and the parser goes no deeper than 127",
        |config| config.limits.json_depth as u64,
    ),
    bound(
        "limits.patch_operations",
        (1, 100_000),
        "a PATCH has at least one operation, and all of them are held in memory",
        |config| config.limits.patch_operations as u64,
    ),
    bound(
        "limits.bulk_operations",
        (1, 100_000),
        "a bulk request has at least one operation, and all of them are held in memory",
        |config| config.limits.bulk_operations as u64,
    ),
    bound("limits.page_size", (1, 10_000), "a list shows at least one resource", |config| {
        config.limits.page_size
    }),
    bound(
        "limits.page_size_max",
        (1, 10_000),
        "a list shows at least one resource, and the whole page is held in memory",
        |config| config.limits.page_size_max,
    ),
    bound(
        "limits.sorted_resources",
        (1, 10_000_000),
        "a list of one resource is sorted already, and a longer one is sorted in memory",
        |config| config.limits.sorted_resources,
    ),
    bound(
        "limits.request_seconds",
        (1, 3_600),
        "a request needs some time, and clients do not wait for an hour",
        |config| config.limits.request_seconds,
    ),
    bound(
        "limits.connections",
        (1, 100_000),
        "without a place every client is refused, and each place is an open file",
        |config| config.limits.connections as u64,
    ),
    bound(
        "limits.header_seconds",
        (1, 3_600),
        "a client needs some time to send the head of a request",
        |config| config.limits.header_seconds,
    ),
    bound(
        "limits.keep_alive_seconds",
        (1, 86_400),
        "a connection that is closed at once serves one request",
        |config| config.limits.keep_alive_seconds,
    ),
    bound("limits.reader_seconds", (1, 3_600), "a client needs some time to take an answer", |config| {
        config.limits.reader_seconds
    }),
    bound(
        "limits.requests_per_second",
        (0, 1_000_000),
        "0 switches the limit off, and more than a million is none",
        |config| config.limits.requests_per_second.into(),
    ),
    bound(
        "limits.burst",
        (1, 1_000_000),
        "with a rate a connection may send at least one request, and more than a million is no limit",
        |config| config.limits.burst.into(),
    ),
    bound(
        "limits.shutdown_seconds",
        (0, 3_600),
        "0 ends accepted requests at once, and supervisors do not wait for an hour",
        |config| config.limits.shutdown_seconds,
    ),
    bound(
        "auth.token_cache_seconds",
        (0, 3_600),
        "0 looks every time, and a revoked token must not work for longer than an hour",
        |config| config.auth.token_cache_seconds,
    ),
    bound(
        "provisioning.grace_days",
        (0, 3_650),
        "0 deactivates at once, and a suspended person does not keep a seat for over ten years",
        |config| config.provisioning.grace_days.into(),
    ),
    bound(
        "provisioning.invitation_delay_seconds",
        (0, 31_536_000),
        "an invitation does not wait for more than a year",
        |config| config.provisioning.invitation_delay_seconds.into(),
    ),
    bound(
        "provisioning.deleted_days",
        (1, 3_650),
        "a directory that deletes a person by mistake needs a day to bring them back",
        |config| config.provisioning.deleted_days.into(),
    ),
    bound("jobs.poll_seconds", (1, 3_600), "timers would be late by more than an hour", |config| {
        config.jobs.poll_seconds
    }),
    bound(
        "jobs.lease_seconds",
        (30, 86_400),
        "a step of a job may wait 20 seconds for the database, and abandoned jobs wait for the end of the lease",
        |config| config.jobs.lease_seconds.into(),
    ),
    bound(
        "jobs.batch",
        (1, 10_000),
        "a step settles at least one person, and others wait while one transaction settles many",
        |config| config.jobs.batch.into(),
    ),
    bound(
        "console.session_idle_minutes",
        (5, 43_200),
        "an administrator reads for some minutes, and a month without a look is no session",
        |config| config.console.session_idle_minutes.into(),
    ),
    bound(
        "console.session_hours",
        (1, 2_160),
        "an hour is the least to get something done, and after three months a browser should prove itself",
        |config| config.console.session_hours.into(),
    ),
    bound("mail.smtp_port", (1, 65_535), "there are no other ports", |config| config.mail.smtp_port.into()),
    bound(
        "mail.smtp_timeout_seconds",
        (1, 600),
        "a mail server needs some time, and one that hangs holds up other mail for as long",
        |config| config.mail.smtp_timeout_seconds,
    ),
    bound(
        "mail.send_at_once",
        (1, 100),
        "without a connection no mail leaves, and mail servers refuse many at once",
        |config| config.mail.send_at_once as u64,
    ),
    bound(
        "events.retention_days",
        (7, 3_650),
        "a delivery is tried for days, and an application reads events on after a week without it",
        |config| config.events.retention_days.into(),
    ),
    bound(
        "webhooks.timeout_seconds",
        (1, 60),
        "a receiver needs some time, and one that hangs holds up other deliveries for as long",
        |config| config.webhooks.timeout_seconds,
    ),
    bound(
        "webhooks.send_at_once",
        (1, 100),
        "without a connection nothing is delivered, and each is an open file",
        |config| config.webhooks.send_at_once as u64,
    ),
    bound(
        "issuers.timeout_seconds",
        (1, 60),
        "an issuer needs some time, and an administrator who signs in waits for as long",
        |config| config.issuers.timeout_seconds,
    ),
    bound(
        "requests.retention_days",
        (0, 36_500),
        "0 keeps requests until the next hourly round, and a hundred years are for ever",
        |config| config.requests.retention_days.into(),
    ),
    bound(
        "requests.queue",
        (1, 1_000_000),
        "without a place no request is logged, and the queue is held in memory",
        |config| config.requests.queue as u64,
    ),
];

/// Numbers that contradict each other otherwise.
const ORDERS: &[Order] = &[
    Order {
        less: "limits.page_size",
        more: "limits.page_size_max",
        reason: "a client that asks for no number gets no more than one that asks for many",
    },
    Order {
        less: "limits.header_seconds",
        more: "limits.keep_alive_seconds",
        reason: "a new connection may not be silent for longer than one that has been used",
    },
    Order {
        less: "jobs.poll_seconds",
        more: "jobs.lease_seconds",
        reason: "an abandoned job is to be found soon after its lease is over",
    },
];

/// Refuses the first number that is out of its bounds or contradicts another one.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    for Bound { key, least, most, reason, of } in BOUNDS {
        let value = of(config);
        let limit = match value {
            low if low < *least => format!("at least {least}"),
            high if high > *most => format!("at most {most}"),
            _ => continue,
        };
        return Err(ConfigError(format!("{key} is {value} and must be {limit}: {reason}.")));
    }
    for Order { less, more, reason } in ORDERS {
        let of = |key| BOUNDS.iter().find(|bound| bound.key == key).map_or(0, |bound| (bound.of)(config));
        let (low, high) = (of(*less), of(*more));
        if low > high {
            return Err(ConfigError(format!(
                "{less} is {low} and must not be more than {more}, which is {high}: {reason}."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::super::DEFAULT;
    use super::*;
    use crate::Server;

    fn variable(key: &str) -> String {
        format!("ROLLCALL_{}", key.to_uppercase().replace('.', "__"))
    }

    fn loaded(numbers: &[(&str, u64)]) -> Result<Config, ConfigError> {
        let fixed = [("ROLLCALL_DATABASE_URL", "sqlite::memory:"), ("ROLLCALL_LISTEN", "127.0.0.1:0")];
        let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let numbers = numbers.iter().map(|(key, value)| (variable(key), value.to_string()));
        Config::from_sources(None, &fixed.into_iter().chain(numbers).collect::<Vec<_>>(), &[])
    }

    #[test]
    fn every_number_of_the_manual_has_its_bounds_and_every_order_names_numbers() {
        let mut table = String::new();
        let mut numbers = BTreeSet::new();
        for line in DEFAULT.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                table = format!("{name}.");
            } else if let Some((key, value)) = line.split_once(" = ")
                && value.starts_with(|first: char| first.is_ascii_digit())
            {
                numbers.insert(format!("{table}{key}"));
            }
        }
        let bounded: BTreeSet<String> = BOUNDS.iter().map(|bound| bound.key.to_owned()).collect();
        assert_eq!(bounded, numbers);
        for key in ORDERS.iter().flat_map(|order| [order.less, order.more]) {
            assert!(bounded.contains(key), "{key}");
        }
    }

    #[test]
    fn a_number_beyond_its_bounds_is_refused_with_the_reason() {
        for Bound { key, least, most, reason, .. } in BOUNDS {
            let beyond = [least.checked_sub(1), most.checked_add(1), Some(u64::from(u32::MAX))];
            for value in beyond.into_iter().flatten() {
                let error = loaded(&[(*key, value)]).expect_err(key).to_string();
                assert!(error.contains(key) && error.contains(reason), "{error}");
            }
            loaded(&[(*key, u64::MAX)]).expect_err(key);
        }
    }

    #[test]
    fn numbers_that_contradict_each_other_are_refused() {
        for (less, more) in [
            (("limits.page_size", 8), ("limits.page_size_max", 7)),
            (("limits.header_seconds", 8), ("limits.keep_alive_seconds", 7)),
            (("jobs.poll_seconds", 31), ("jobs.lease_seconds", 30)),
        ] {
            let error = loaded(&[less, more]).expect_err(less.0).to_string();
            assert!(error.contains("must not be more than") && error.contains(more.0), "{error}");
            loaded(&[(less.0, more.1), more]).expect("they are equal");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_server_can_be_built_and_serves_with_whatever_is_accepted(
            picks in proptest::collection::vec(any::<(u8, Index)>(), BOUNDS.len()),
        ) {
            let mut numbers: BTreeMap<&str, u64> = BOUNDS.iter().zip(&picks).map(|(bound, (edge, index))| {
                let span = usize::try_from(bound.most - bound.least).expect("a number of this machine");
                let value = match edge % 3 {
                    0 => bound.least,
                    1 => bound.most,
                    _ => bound.least + index.index(span + 1) as u64,
                };
                (bound.key, value)
            }).collect();
            for order in ORDERS {
                let most = numbers[order.more];
                numbers.entry(order.less).and_modify(|value| *value = most.min(*value));
            }
            let numbers: Vec<_> = numbers.into_iter().collect();
            let config = loaded(&numbers).expect("accepted");
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(async {
                    let server = Server::build(config).await.expect("the server builds");
                    server.run_due_jobs().await;
                    server.forget_what_is_old().await;
                    let address = server.address();
                    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
                    let client = async {
                        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                        let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
                        let ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
                        stream.write_all(ask).await.expect("sent");
                        let mut answer = String::new();
                        stream.read_to_string(&mut answer).await.expect("an answer");
                        drop(stop);
                        answer
                    };
                    let serving = server.serve(async { drop(stopped.await) });
                    let (served, answer) = tokio::join!(serving, client);
                    served.expect("an orderly end");
                    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
                });
        }
    }
}
