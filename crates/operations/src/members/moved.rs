//! Members who joined or left a group: what the journal tells of them, and why they are settled.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use provisioning::{Cause, Entry, EntryKind, GroupId, Subject, UserId};
use serde::{Deserialize, Serialize};
use store::{MemberKind, MemberName};
use uuid::Uuid;

/// Which way members moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Moved {
    In,
    Out,
}

impl Moved {
    /// Why people are settled who moved so.
    pub(crate) fn cause(self, group: GroupId, name: &str) -> Cause {
        let name = name.to_owned();
        match self {
            Self::In => Cause::JoinedGroup { group, name },
            Self::Out => Cause::LeftGroup { group, name },
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::In => "joined",
            Self::Out => "left",
        }
    }
}

/// Members whom a dynamic group keeps, or kept: a person who left it lingers, and one who joined it came back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lingering {
    /// In the order of ids.
    pub(crate) people: Vec<Uuid>,
    /// Until when those who left are kept.
    pub(crate) until: Option<DateTime<Utc>>,
}

impl Lingering {
    /// Those of these members, which come in the order of ids, too.
    pub(crate) fn among(&self, members: &[Uuid]) -> Self {
        let lingers = |id: &&Uuid| self.people.binary_search(id).is_ok();
        let people = members.iter().filter(lingers).copied().collect();
        Self { people, until: self.until }
    }

    /// What the journal adds about a member.
    fn words(&self, member: Uuid, moved: Moved) -> String {
        if self.people.binary_search(&member).is_err() {
            return String::new();
        }
        match (moved, self.until) {
            (Moved::Out, Some(until)) => {
                format!(
                    ", which is dynamic and keeps what they have until {}",
                    until.format("%Y-%m-%d %H:%M UTC")
                )
            }
            _ => ", and came back in time to what they had".to_owned(),
        }
    }
}

/// The users among members of these names.
pub(crate) fn users(names: &HashMap<Uuid, MemberName>, members: &[Uuid]) -> Vec<UserId> {
    let is_user = |id: &Uuid| names.get(id).is_some_and(|name| name.kind == MemberKind::User);
    members.iter().copied().filter(is_user).map(UserId::new).collect()
}

/// A member as the subject of an entry.
pub(crate) fn subject(id: Uuid, kind: &MemberKind) -> Subject {
    match kind {
        MemberKind::User => Subject::User(UserId::new(id)),
        MemberKind::Group => Subject::Group(GroupId::new(id)),
        MemberKind::Resource(_) => Subject::Resource(id),
    }
}

/// What the journal tells of members who moved.
pub(crate) fn told(
    names: &HashMap<Uuid, MemberName>,
    members: &[Uuid],
    moved: Moved,
    group: &str,
    lingering: &Lingering,
) -> Vec<Entry> {
    let (kind, words) = match moved {
        Moved::In => (EntryKind::MemberAdded, "was added to"),
        Moved::Out => (EntryKind::MemberRemoved, "was taken out of"),
    };
    let line = |id: &Uuid| {
        let name = names.get(id)?;
        Some(Entry::new(
            subject(*id, &name.kind),
            kind,
            format!("{} {words} the group “{group}”{}.", name.called, lingering.words(*id, moved)),
        ))
    };
    members.iter().filter_map(line).collect()
}
