//! Consequences in plain words.

use super::{Consequences, Kind, Losses, Share};

impl Consequences {
    /// What would follow, as the end of a sentence that begins with what is done.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut gains: Vec<String> = Vec::new();
        for (kind, words) in [
            (Kind::GetSeat, "would get a seat"),
            (Kind::GetAccess, "would get access back"),
            (Kind::Wait, "would wait"),
            (Kind::Refused, "would be turned away by a full pool"),
        ] {
            match self.of_kind(kind) {
                0 => {}
                people if gains.is_empty() => {
                    gains.push(format!("{} {words}", counted(people, "person", "people")));
                }
                people => gains.push(format!("{people} {words}")),
            }
        }
        let losses = (self.losses.people > 0).then(|| self.losses.sentence());
        let restores = (self.restores > 0).then(|| {
            format!(
                "{} would need a restore from a backup to come back after the grace",
                counted(self.restores, "person", "people")
            )
        });
        let administrators = (!self.administrators.is_empty())
            .then(|| format!("administrators among them: {}", self.administrators.join(", ")));
        let holds = (!self.holds.is_empty()).then(|| {
            let things = counted(self.holds.len() as u64, "thing", "things");
            format!("{things} would have to be handed over first")
        });
        let gains = (!gains.is_empty()).then(|| gains.join(", "));
        let reordered = (self.reordered > 0).then(|| {
            let people = counted(self.reordered, "person who waits", "people who wait");
            format!("{people} would be served earlier or later")
        });
        let parts: Vec<String> =
            [losses, restores, administrators, holds, gains, reordered].into_iter().flatten().collect();
        if parts.is_empty() { "no person gets or loses anything".to_owned() } else { parts.join("; ") }
    }
}

impl Losses {
    fn sentence(&self) -> String {
        let mut parts = vec![format!("{} would lose access", counted(self.access, "person", "people"))];
        parts.push(format!("{} would go back", counted(self.seats, "seat", "seats")));
        if self.places > 0 {
            parts.push(format!(
                "{} would be given up",
                counted(self.places, "place in a queue", "places in queues")
            ));
        }
        format!("{} would lose something: {}", counted(self.people, "person", "people"), parts.join(", "))
    }
}

impl Share {
    /// What would follow for these people, and why nothing would.
    #[must_use]
    pub fn sentence(&self) -> String {
        let words = match self.kind {
            Kind::GetSeat => "get a seat",
            Kind::Wait => "wait from then on",
            Kind::Refused => "get nothing: the pool is full and lets no person wait",
            Kind::GetAccess => "get access back",
            Kind::LoseAccess => "lose access",
            Kind::LoseSeat => "lose a seat, at once or after a grace",
            Kind::LosePlace => "lose a place in a queue",
            Kind::Unaffected => "nothing changes",
        };
        self.why.map_or_else(|| words.to_owned(), |why| format!("{words}: {why}"))
    }
}

/// A number of things: `1 seat`, `2 seats`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::super::Named;
    use super::*;

    fn share(kind: Kind, people: u64) -> Share {
        Share { kind, why: None, people, first: Vec::<Named>::new() }
    }

    #[test]
    fn gains_are_told_and_behind_losses() {
        let mut told = Consequences::default();
        assert_eq!(told.sentence(), "no person gets or loses anything");
        told.people = vec![share(Kind::GetSeat, 12), share(Kind::Wait, 3), share(Kind::Unaffected, 9)];
        assert_eq!(told.sentence(), "12 people would get a seat, 3 would wait");
        told.people = vec![share(Kind::Refused, 1)];
        told.losses = Losses { people: 2, access: 2, seats: 2, places: 1 };
        assert_eq!(
            told.sentence(),
            "2 people would lose something: 2 people would lose access, 2 seats would go back, \
             1 place in a queue would be given up; 1 person would be turned away by a full pool"
        );
    }
}
