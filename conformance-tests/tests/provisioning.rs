//! What a push means for people: enrolment and seats, as the identity provider can read them back.
use conformance_tests::{Connection, case, group, patch_op, unique, user};
use serde_json::{Value, json};

const ENROLMENT: &str = "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User";

/// A tenant of Entra ID, pushed to in its own dialect.
struct Directory {
    connection: Connection,
}

impl Directory {
    fn new() -> Directory {
        Directory { connection: Connection::fresh("entra", &[], &[]) }
    }

    fn person(&self) -> String {
        let name = format!("{}@fjordline.example", unique("person"));
        self.connection.target.post("/Users", &user(&name)).expect_status(201).id()
    }

    fn bound_group(&self, pool: &str) -> String {
        let group = self.connection.target.post("/Groups", &group(&unique("sg"))).expect_status(201).id();
        self.connection.bind(&group, pool);
        group
    }

    fn join(&self, group: &str, person: &str) {
        let members = json!([{ "$ref": null, "value": person }]);
        self.push_members(group, &json!([{ "op": "Add", "path": "members", "value": members }]));
    }

    fn leave(&self, group: &str, person: &str) {
        let members = json!([{ "$ref": null, "value": person }]);
        self.push_members(group, &json!([{ "op": "Remove", "path": "members", "value": members }]));
    }

    fn set_active(&self, person: &str, active: &str) {
        let operations = json!([{ "op": "Replace", "path": "active", "value": active }]);
        let path = format!("/Users/{person}");
        self.connection.target.patch(&path, &patch_op(operations)).expect_status(200);
    }

    fn delete(&self, person: &str) {
        self.connection.target.delete(&format!("/Users/{person}")).expect_status(204);
    }

    /// The enrolment extension of a person; null when there is none.
    fn enrolment(&self, person: &str) -> Value {
        let answer = self.connection.target.get(&format!("/Users/{person}")).expect_status(200);
        answer.json()[ENROLMENT].clone()
    }

    fn expect(&self, person: &str, status: &str, seats: &[(&str, &str)]) {
        let enrolment = self.enrolment(person);
        assert_eq!(enrolment["status"], status, "{enrolment}");
        let licences = enrolment["licences"].as_array().cloned().unwrap_or_default();
        let held: Vec<_> =
            licences.iter().map(|seat| (seat["value"].as_str(), seat["state"].as_str())).collect();
        let seats: Vec<_> = seats.iter().map(|(pool, state)| (Some(*pool), Some(*state))).collect();
        assert_eq!(held, seats, "{enrolment}");
    }

    fn push_members(&self, group: &str, operations: &Value) {
        let path = format!("/Groups/{group}");
        self.connection.target.patch(&path, &patch_op(operations.clone())).expect_status(204);
    }
}

#[test]
fn a_push_into_a_bound_group_enrols() {
    case("enrolment", || {
        let directory = Directory::new();
        let pool = directory.connection.pool(5, "queue");
        let group = directory.bound_group(&pool);
        let person = directory.person();
        assert_eq!(
            directory.enrolment(&person),
            Value::Null,
            "nobody has a licence before a group gives one"
        );
        directory.join(&group, &person);
        directory.expect(&person, "pending", &[(&pool, "assigned")]);
    });
}

#[test]
fn a_disabled_person_is_suspended_and_comes_back_as_before() {
    case("suspension", || {
        let directory = Directory::new();
        let pool = directory.connection.pool(5, "queue");
        let group = directory.bound_group(&pool);
        let person = directory.person();
        directory.join(&group, &person);
        directory.set_active(&person, "False");
        directory.expect(&person, "suspended", &[(&pool, "assigned")]);
        assert!(
            directory.enrolment(&person)["seatKeptUntil"].is_string(),
            "{}",
            directory.enrolment(&person)
        );
        directory.set_active(&person, "True");
        directory.expect(&person, "pending", &[(&pool, "assigned")]);
        assert_eq!(directory.enrolment(&person)["seatKeptUntil"], Value::Null);
    });
}

#[test]
fn who_leaves_one_of_two_bound_groups_keeps_the_seat() {
    case("two groups", || {
        let directory = Directory::new();
        let pool = directory.connection.pool(5, "queue");
        let (first, second) = (directory.bound_group(&pool), directory.bound_group(&pool));
        let person = directory.person();
        directory.join(&first, &person);
        directory.join(&second, &person);
        directory.expect(&person, "pending", &[(&pool, "assigned")]);
        directory.leave(&first, &person);
        directory.expect(&person, "pending", &[(&pool, "assigned")]);
        directory.leave(&second, &person);
        directory.expect(&person, "suspended", &[(&pool, "assigned")]);
    });
}

#[test]
fn a_deleted_persons_seat_goes_to_whoever_waits() {
    case("queue", || {
        let directory = Directory::new();
        let pool = directory.connection.pool(1, "queue");
        let group = directory.bound_group(&pool);
        let (holder, waiting) = (directory.person(), directory.person());
        directory.join(&group, &holder);
        directory.join(&group, &waiting);
        directory.expect(&holder, "pending", &[(&pool, "assigned")]);
        let queued = directory.enrolment(&waiting);
        assert_ne!(queued["status"], "pending", "there is one seat for two people: {queued}");
        directory.delete(&holder);
        directory.expect(&waiting, "pending", &[(&pool, "assigned")]);
    });
}

#[test]
fn the_same_push_again_changes_nothing() {
    case("replay of a push", || {
        let directory = Directory::new();
        let pool = directory.connection.pool(2, "queue");
        let group = directory.bound_group(&pool);
        let person = directory.person();
        directory.join(&group, &person);
        let once = directory.enrolment(&person);
        directory.join(&group, &person);
        assert_eq!(directory.enrolment(&person), once);
        directory.expect(&person, "pending", &[(&pool, "assigned")]);
    });
}
