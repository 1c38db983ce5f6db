//! The dialect of one connection: a profile, with quirks switched on and off.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::walk::{member_mut, operations, text};
use super::{Act, Profile, Quirk, Request, Rules, names, quirks};
use crate::filter::FilterDialect;
use crate::json::Object;
use crate::protocol::error::Error;
use crate::resource;
use crate::schema::ResourceType;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// POST to an endpoint.
    Create,
    /// PUT.
    Replace,
    /// PATCH.
    Patch,
    /// POST to `.search`.
    Search,
}

/// Which quirks a request used, and what they left out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The names of the quirks.
    pub quirks: BTreeSet<&'static str>,
    /// What was ignored, in words.
    pub ignored: Vec<String>,
}

impl Used {
    /// Notes one more quirk.
    pub fn note(&mut self, name: &'static str) {
        self.quirks.insert(name);
    }

    /// Adds what another part of the request used.
    pub fn merge(&mut self, other: Self) {
        self.quirks.extend(other.quirks);
        self.ignored.extend(other.ignored);
    }
}

/// A request that a quirk refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `invalidSyntax`, with the reason.
    pub error: Error,
    /// The quirk, and those that the request used before.
    pub used: Used,
}

/// The most things that a quirk is quoted with as ignored: a journal is no copy of the request.
const MOST_IGNORED: usize = 20;

/// The quirks that a connection tolerates.
#[derive(Clone, Debug)]
pub struct Dialect {
    quirks: Vec<&'static Quirk>,
}

impl Dialect {
    /// The quirks of the profile and those of `with`, but for those of `without`.
    ///
    /// # Errors
    /// A sentence that names a quirk that does not exist.
    pub fn new(profile: Profile, with: &[String], without: &[String]) -> Result<Self, String> {
        let (with, without) = (&renamed(with, without), &renamed(without, with));
        if let Some(unknown) =
            with.iter().chain(without).find(|name| !quirks().any(|quirk| quirk.name == name.as_str()))
        {
            let all: Vec<&str> = quirks().map(|quirk| quirk.name).collect();
            return Err(format!("There is no quirk \"{unknown}\": choose from {}.", all.join(", ")));
        }
        let on = |name: &str| {
            (profile.quirks().contains(&name) || with.iter().any(|with| with == name))
                && !without.iter().any(|without| without == name)
        };
        Ok(Self { quirks: quirks().filter(|quirk| on(quirk.name)).collect() })
    }

    /// The quirks, in the order in which they act.
    pub fn quirks(&self) -> impl Iterator<Item = &'static Quirk> {
        self.quirks.iter().copied()
    }

    /// Whether the connection keeps to the interoperability profile (draft-zollner-scim-interop-profile).
    #[must_use]
    pub fn is_interoperable(&self) -> bool {
        let own: BTreeSet<&str> = self.quirks.iter().map(|quirk| quirk.name).collect();
        own == Profile::Interop.quirks().iter().copied().collect()
    }

    /// What filters and paths may do.
    #[must_use]
    pub fn filter(&self) -> FilterDialect {
        let mut dialect = FilterDialect::default();
        for quirk in &self.quirks {
            if let Act::Filter(allow, _) = quirk.act {
                allow(&mut dialect);
            }
        }
        dialect
    }

    /// The names for what a filter or path did.
    #[must_use]
    pub fn filter_used(&self, used: FilterDialect) -> Used {
        let name = |quirk: &&'static Quirk| match quirk.act {
            Act::Filter(_, was_used) => was_used(used).then_some(quirk.name),
            _ => None,
        };
        Used { quirks: self.quirks.iter().filter_map(name).collect(), ignored: Vec::new() }
    }

    /// The rules of the connection.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let mut rules = Rules::default();
        for quirk in &self.quirks {
            if let Act::Rule(set) = quirk.act {
                set(&mut rules);
            }
        }
        rules
    }

    /// Rewrites the body of a request into the standard's form.
    ///
    /// # Errors
    /// What the standard allows and the connection does not.
    pub fn request(
        &self,
        kind: RequestKind,
        resource_type: &ResourceType,
        body: &mut Object,
    ) -> Result<Used, Refusal> {
        let mut noted = Used::default();
        settle_names(kind, resource_type, body);
        let bare_extensions = self.filter().bare_extensions;
        for quirk in &self.quirks {
            let mut request =
                Request { kind, resource_type, body, bare_extensions, used: false, ignored: Vec::new() };
            match quirk.act {
                Act::Rewrite(rewrite) => rewrite(&mut request),
                Act::Refuse(refuse) => {
                    if let Some(why) = refuse(&mut request) {
                        noted.note(quirk.name);
                        return Err(Refusal { error: Error::invalid_syntax(why), used: noted });
                    }
                }
                Act::Filter(..) | Act::Rule(_) => {}
            }
            if request.used {
                noted.quirks.insert(quirk.name);
            }
            noted.ignored.extend(request.ignored.into_iter().take(MOST_IGNORED));
        }
        if matches!(kind, RequestKind::Create | RequestKind::Replace) {
            noted.ignored.extend(resource::unknown(resource_type, body));
        }
        Ok(noted)
    }
}

/// The names of quirks for which this is the list, those that had the opposite sense in the last version among them.
fn renamed(names: &[String], opposite: &[String]) -> Vec<String> {
    let retired = |name: &&String| name.as_str() == CHECK_FORMATS;
    let turned = opposite.iter().filter(retired).map(|_| names::FREE_FORMATS.to_owned());
    names.iter().filter(|name| !retired(name)).cloned().chain(turned).collect()
}

/// What `free-formats` was called in the last version, in the opposite sense: connections have it stored.
const CHECK_FORMATS: &str = "check-formats";

/// Attributes under the URI of the core schema stand where they belong before a quirk looks for them; what cannot be put
/// there is refused when the request is read.
fn settle_names(kind: RequestKind, resource_type: &ResourceType, body: &mut Object) {
    let settle = |object: &mut Object| {
        if let Ok(Cow::Owned(settled)) = resource::hoisted(resource_type, object) {
            *object = settled;
        }
    };
    match kind {
        RequestKind::Create | RequestKind::Replace => settle(body),
        RequestKind::Patch => {
            for operation in operations(body) {
                let path = text(operation, "path");
                if path.is_empty() || path.eq_ignore_ascii_case(&resource_type.schema.id) {
                    operation.retain(|name, _| !name.eq_ignore_ascii_case("path"));
                    if let Some(Value::Object(value)) = member_mut(operation, "value") {
                        settle(value);
                    }
                }
            }
        }
        RequestKind::Search => {}
    }
}
