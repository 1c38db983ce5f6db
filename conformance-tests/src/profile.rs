//! Profiles: which requirements count, and how much, for one purpose. Each is a set of rows of `profiles.tsv`.
use crate::requirement::{Level, Requirement, requirements};

/// Profile, id, level or `off`, needed features, one sentence and sections, with a line of headings. A row for an id of
/// `requirements.tsv` changes its level; its sentence says why. Every other row is a requirement of the profile alone.
const TABLE: &str = include_str!("../profiles.tsv");

/// The level of a requirement that a profile takes out.
const OFF: &str = "off";

/// The standard as written, which changes nothing.
pub const STRICT: &str = "strict";

/// The names of all profiles.
pub fn names() -> Vec<&'static str> {
    let mut names = vec![STRICT];
    for row in rows() {
        if !names.contains(&row[0]) {
            names.push(row[0]);
        }
    }
    names
}

/// The requirements as this profile has them: first those of all profiles, then its own.
///
/// # Errors
/// A row of a table that cannot be read.
pub fn requirements_of(profile: &str) -> Result<Vec<Requirement>, String> {
    let mut all = requirements()?;
    for row in rows().filter(|row| row[0] == profile) {
        let [_, id, level, needs, sentence, section] = row[..] else {
            return Err(format!("profiles.tsv: {}", row.join(" ")));
        };
        let place = all.iter().position(|one| one.id == id);
        let level = match (Level::named(level), level == OFF) {
            (None, true) => None,
            (Some(level), _) => Some(level),
            (None, false) => return Err(format!("profiles.tsv: {id}: {level:?} is no level")),
        };
        match (place, level) {
            (Some(place), Some(level)) => all[place].level = level,
            (Some(place), None) => drop(all.remove(place)),
            (None, Some(level)) => {
                let needs = needs.split(' ').filter(|need| *need != "-").collect();
                all.push(Requirement { id, level, needs, sentence, section });
            }
            (None, None) => return Err(format!("profiles.tsv: {id} is no requirement that can be off")),
        }
    }
    Ok(all)
}

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    TABLE.lines().skip(1).map(|line| line.split('\t').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_can_be_read_and_strict_is_the_table_itself() {
        assert_eq!(requirements_of(STRICT), requirements());
        for name in names() {
            let of = requirements_of(name).expect(name);
            assert!(name == STRICT || Ok(of) != requirements(), "{name} changes nothing");
        }
    }
}
