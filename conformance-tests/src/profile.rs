//! Profiles: which requirements count, and how much, for one purpose. Each is a set of rows of `profiles.tsv`.
use crate::requirement::{Level, Requirement, requirements};

/// Profile, id, level or `off`, needed features, one sentence and sections, with a line of headings. A row for an id of
/// `requirements.tsv`, or for all that start so when it ends in `*`, changes the level; its sentence says why. Every other row
/// is a requirement of the profile alone.
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
        let named = Level::named(level);
        if named.is_none() && level != OFF {
            return Err(format!("profiles.tsv: {id}: {level:?} is no level"));
        }
        let is_meant = |one: &Requirement| match id.strip_suffix('*') {
            Some(start) => one.id.starts_with(start),
            None => one.id == id,
        };
        match (named, all.iter().any(is_meant)) {
            (Some(level), true) => {
                all.iter_mut()
                    .filter(|one| is_meant(one))
                    .for_each(|one| one.level = changed(one, level, id));
            }
            (None, true) => all.retain(|one| !is_meant(one)),
            (Some(level), false) => {
                let needs = needs.split(' ').filter(|need| *need != "-").collect();
                all.push(Requirement { id, level, needs, sentence, section });
            }
            (None, false) => return Err(format!("profiles.tsv: {id} is no requirement that can be off")),
        }
    }
    Ok(all)
}

/// The level that a row gives; one for many ids only takes weight away.
fn changed(one: &Requirement, level: Level, id: &str) -> Level {
    if id.ends_with('*') { level.min(one.level) } else { level }
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

    #[test]
    fn a_profile_changes_levels_takes_out_and_adds() {
        let of = |id: &str| {
            let all = requirements_of("interop").expect("readable");
            all.into_iter().find(|one| one.id == id).map(|one| one.level)
        };
        assert_eq!((of("R-PAGE-15"), of("R-PATCH-40")), (Some(Level::Must), None));
        assert_eq!((of("R-PUT-01"), of("P-INTEROP-06")), (Some(Level::May), Some(Level::Must)));
    }

    #[test]
    fn every_row_says_why_and_where() {
        for row in rows() {
            assert!(row.len() == 6 && row[4].ends_with('.') && !row[5].is_empty(), "{row:?}");
        }
    }
}
