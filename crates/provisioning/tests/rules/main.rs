//! The rule book as tests: one file per rule, then properties over random sequences of changes.

mod story;

mod brake;
mod by_hand;
mod codes;
mod coming_back;
mod dynamic;
mod ending;
mod expiry;
mod explained;
mod first_seat;
mod full_pool;
mod grace_over;
mod history;
mod leaving;
mod mover;
mod moving;
mod no_grace;
mod permissions;
mod pool_changed;
mod preview;
mod protection;
mod queue;
mod reasons;
mod removal;
mod replay;
mod restore;
mod steps;
mod switched_off;
mod test_users;
mod two_groups;
mod unassigned;
mod words;

mod properties;
