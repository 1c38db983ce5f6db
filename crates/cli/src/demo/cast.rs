//! Who is in the demo: people and groups of both directories, the same on every run.

use super::names::{BOUGHT_DOMAIN, DEPARTMENTS, DOMAIN, FAMILY, GIVEN, OFFICES, Office, TITLES, in_address};

/// People whom the first directory has at the beginning; the next ones join later.
pub(super) const FIRST_STAFF: usize = 138;
/// People whom the second directory has at the beginning.
pub(super) const FIRST_CREW: usize = 58;
/// People who join the first directory later.
pub(super) const JOINERS: usize = 4;

/// The place in the first directory of the person whom the second directory has, too.
const IN_BOTH: usize = 40;

/// A person as a directory knows them.
#[derive(Clone)]
pub(super) struct Person {
    /// The place in the whole cast, from which everything about them follows.
    pub(super) number: usize,
    pub(super) given: &'static str,
    pub(super) family: &'static str,
    pub(super) user_name: String,
    pub(super) department: &'static str,
    pub(super) title: &'static str,
    pub(super) office: &'static Office,
}

impl Person {
    pub(super) fn display_name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }
}

/// A group of a directory, with its members as places in the list of that directory's people.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) members: Vec<usize>,
    /// The pool in which its members get a seat, if it is to be bound.
    pub(super) pool: Option<Pool>,
}

/// The licence pools of the demo.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pool {
    /// Enough seats for all.
    Standard,
    /// Too few.
    Premium,
}

impl Pool {
    pub(super) const ALL: [Self; 2] = [Self::Standard, Self::Premium];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Standard => "Vault Standard",
            Self::Premium => "Vault Premium",
        }
    }

    pub(super) const fn seats(self) -> u32 {
        match self {
            Self::Standard => 190,
            Self::Premium => 24,
        }
    }
}

/// Name of the group of the first directory whose members share the small pool.
pub(super) const PREMIUM_GROUP: &str = "NL Vault Premium";
/// Name of the group of the second directory whose members share the small pool, and have no other.
pub(super) const LEADS: &str = "Saltmarsh Leads";

/// All people whom the first directory will ever have, joiners last.
pub(super) fn staff() -> Vec<Person> {
    (0..FIRST_STAFF + JOINERS).map(|number| person(number, DOMAIN)).collect()
}

/// All people whom the second directory will ever have, joiners last.
pub(super) fn crew() -> Vec<Person> {
    let first = FIRST_STAFF + JOINERS;
    (first..=first + FIRST_CREW).map(|number| person(number, BOUGHT_DOMAIN)).collect()
}

/// The person of the first directory whom the second one has, too, under the same user name.
pub(super) fn in_both() -> Person {
    person(IN_BOTH, DOMAIN)
}

fn person(number: usize, domain: &str) -> Person {
    // 53 and 59 are prime, so no pair repeats within their product; the factors keep neighbours unlike.
    let given = GIVEN[number * 10 % GIVEN.len()];
    let family = FAMILY[number * 17 % FAMILY.len()];
    let department = number % DEPARTMENTS.len();
    Person {
        number,
        given,
        family,
        user_name: format!("{}.{}@{domain}", in_address(given), in_address(family)),
        department: DEPARTMENTS[department],
        title: TITLES[department],
        office: &OFFICES[number % OFFICES.len()],
    }
}

/// The groups of the first directory: departments (all but one bound), the small pool, and some that mean nothing here.
pub(super) fn staff_groups() -> Vec<Group> {
    let staff = staff();
    let of = |is: &dyn Fn(usize, &Person) -> bool| -> Vec<usize> {
        let first = staff.iter().take(FIRST_STAFF).enumerate();
        first.filter(|(index, person)| is(*index, person)).map(|(index, _)| index).collect()
    };
    let mut groups: Vec<Group> = DEPARTMENTS
        .iter()
        .map(|department| Group {
            name: department_group(department),
            members: of(&|_, person| person.department == *department),
            pool: (*department != "Legal").then_some(Pool::Standard),
        })
        .collect();
    groups.push(Group {
        name: PREMIUM_GROUP.to_owned(),
        members: of(&|index, _| index % 6 == 1),
        pool: Some(Pool::Premium),
    });
    groups.extend(OFFICES.iter().map(|office| Group {
        name: office_group(office),
        members: of(&|_, person| person.office.city == office.city),
        pool: None,
    }));
    let wardens =
        Group { name: "NL Fire Wardens".to_owned(), members: of(&|index, _| index % 23 == 0), pool: None };
    let readers =
        Group { name: "NL Reading Circle".to_owned(), members: of(&|index, _| index % 19 == 3), pool: None };
    groups.extend([wardens, readers]);
    groups
}

/// The groups of the second directory: its leads share the small pool, all others have a seat in the large one.
pub(super) fn crew_groups() -> Vec<Group> {
    let of = |is: &dyn Fn(usize) -> bool| (0..FIRST_CREW).filter(|index| is(*index)).collect::<Vec<_>>();
    let is_lead = |index: usize| index % 8 == 2;
    let shift = |name: &str, remainder: usize| Group {
        name: format!("Saltmarsh {name}"),
        members: of(&|index| !is_lead(index) && index % 3 == remainder),
        pool: Some(Pool::Standard),
    };
    let unbound = |name: &str, every: usize, remainder: usize| Group {
        name: format!("Saltmarsh {name}"),
        members: of(&|index| index % every == remainder),
        pool: None,
    };
    vec![
        shift("Workshop", 0),
        shift("Field", 1),
        shift("Office", 2),
        Group { name: LEADS.to_owned(), members: of(&is_lead), pool: Some(Pool::Premium) },
        unbound("Radio", 12, 5),
        unbound("Pilots", 10, 9),
    ]
}

/// Name of the group of a department.
pub(super) fn department_group(department: &str) -> String {
    format!("NL {department}")
}

/// Name of the group of an office.
pub(super) fn office_group(office: &Office) -> String {
    format!("NL Office {}", office.city)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn about_200_people_in_20_groups_no_two_of_one_name() {
        let everybody: Vec<Person> = staff().into_iter().chain(crew()).collect();
        assert_eq!(everybody.len(), FIRST_STAFF + JOINERS + FIRST_CREW + 1);
        let local = |person: &Person| person.user_name.split('@').next().map(str::to_owned);
        assert_eq!(everybody.iter().map(local).collect::<BTreeSet<_>>().len(), everybody.len());
        assert!(everybody.iter().all(|person| person.user_name.ends_with(".example")));
        assert_eq!(staff_groups().len() + crew_groups().len(), 20);
    }

    #[test]
    fn nobody_is_in_a_group_that_their_directory_does_not_know() {
        assert!(staff_groups().iter().flat_map(|group| &group.members).all(|index| *index < FIRST_STAFF));
        assert!(crew_groups().iter().flat_map(|group| &group.members).all(|index| *index < FIRST_CREW));
        assert!(crew_groups().iter().all(|group| !group.members.is_empty()), "empty groups are never pushed");
    }

    #[test]
    fn the_small_pool_is_too_small_and_the_large_one_is_not() {
        let wanting = |pool: Pool| {
            let groups = staff_groups().into_iter().chain(crew_groups());
            groups.filter(|group| group.pool == Some(pool)).map(|group| group.members.len()).sum::<usize>()
        };
        assert!(wanting(Pool::Premium) > Pool::Premium.seats() as usize + 3);
        assert!(wanting(Pool::Standard) + JOINERS < Pool::Standard.seats() as usize);
    }
}
