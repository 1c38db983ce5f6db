//! From changed facts to what follows: decided by `provisioning`, and performed inside the caller's unit of work.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use provisioning::{
    ApplicationEvent, Cause, Decision, Effect, Entry, EventKind, PoolId, Refusal, Situation, Subject, UserId,
    losers,
};
use store::{Actor, ActorKind, NewJob, WriteUnit};

use crate::brake;
use crate::error::Error;
use crate::outcome::Effects;
use crate::tenants::Settings;
use crate::work::{alert_full, notify};

/// The most people whose facts are looked at in one go.
pub(crate) const CHUNK: usize = 500;

/// A change of facts: why, in the name of which requester, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'c> {
    /// The cause.
    pub(crate) cause: &'c Cause,
    /// As whom the journal knows it.
    pub(crate) actor: &'c Actor,
    /// The instant.
    pub(crate) now: DateTime<Utc>,
}

impl Change<'_> {
    /// Settles people whose facts have been changed in this unit; says what followed.
    ///
    /// # Errors
    /// [`Error`]; nothing of the unit may be committed then.
    pub(crate) async fn settle(self, unit: &mut WriteUnit, people: &[UserId]) -> Result<Effects, Error> {
        let mut effects = Effects::default();
        self.settle_each(unit, people, &HashMap::new(), |situation, decision| {
            effects.decided(situation, decision);
        })
        .await?;
        Ok(effects)
    }

    /// Settles a person who is to be removed; says what followed, and whether the brake keeps the person.
    ///
    /// # Errors
    /// As [`Change::settle`].
    pub(crate) async fn settle_removed(
        self,
        unit: &mut WriteUnit,
        person: UserId,
    ) -> Result<(Effects, bool), Error> {
        let (mut effects, mut held) = (Effects::default(), false);
        self.settle_each(unit, &[person], &HashMap::new(), |situation, decision| {
            effects.decided(situation, decision);
            held = decision.effects.iter().any(|effect| matches!(effect, Effect::LossHeld { .. }));
        })
        .await?;
        Ok((effects, held))
    }

    /// As [`Change::settle`] for people of several requests, each entry in the name of its own; says what followed for
    /// whom.
    ///
    /// # Errors
    /// As [`Change::settle`].
    pub(crate) async fn settle_together(
        self,
        unit: &mut WriteUnit,
        people: &[UserId],
        actors: &HashMap<UserId, &Actor>,
    ) -> Result<HashMap<UserId, Effects>, Error> {
        let mut followed: HashMap<UserId, Effects> = HashMap::new();
        self.settle_each(unit, people, actors, |situation, decision| {
            for effect in &decision.effects {
                let words = effect.plain(|pool| situation.pool_name(pool));
                followed.entry(effect.user()).or_default().note(words);
            }
        })
        .await?;
        Ok(followed)
    }

    async fn settle_each(
        self,
        unit: &mut WriteUnit,
        people: &[UserId],
        actors: &HashMap<UserId, &Actor>,
        mut seen: impl FnMut(&Situation, &Decision) + Send,
    ) -> Result<(), Error> {
        for people in people.chunks(CHUNK) {
            let mut situation = unit.lock_facts(people, &[], self.now).await?;
            situation.pushed = self.actor.kind == ActorKind::Connection;
            let mut decision = provisioning::settle(&situation, self.cause, self.now)?;
            if let Some(connection) = self.actor.connection
                && !losers(&situation, &decision).is_empty()
            {
                situation.brake = unit.lock_brake(connection, self.now).await?;
                decision = provisioning::settle(&situation, self.cause, self.now)?;
            }
            self.perform(unit, &decision, actors).await?;
            self.check_administration(unit, &situation, &decision).await?;
            brake::tell(unit, &situation, &decision.effects, self.now).await?;
            seen(&situation, &decision);
        }
        Ok(())
    }

    /// Refuses a push after which no administrator would be in a state to administrate.
    async fn check_administration(
        self,
        unit: &mut WriteUnit,
        situation: &Situation,
        decision: &Decision,
    ) -> Result<(), Error> {
        let told = |effect: &Effect| match effect {
            Effect::ApplicationTold { user, event } if EventKind::from(*event).access() == Some(false) => {
                Some(*user)
            }
            _ => None,
        };
        let locked_out: Vec<UserId> = match self.cause {
            Cause::PushedInactive => situation.people.iter().map(|person| person.id).collect(),
            _ => decision.effects.iter().filter_map(told).collect(),
        };
        if !situation.pushed || locked_out.is_empty() {
            return Ok(());
        }
        let gone = *self.cause == Cause::Removed;
        let Some(user) = unit.administration_lost(&locked_out, gone).await? else { return Ok(()) };
        let name = situation.people.iter().find(|person| person.id == user).map(|person| person.name.clone());
        Err(Refusal::Protected { user, name: name.unwrap_or_default() }.into())
    }

    /// Serves the people who wait for a pool, as many as one unit may serve; says whether there were any.
    ///
    /// # Errors
    /// As [`Change::settle`].
    pub(crate) async fn serve(self, unit: &mut WriteUnit, pool: PoolId) -> Result<bool, Error> {
        let situation = unit.lock_facts(&[], &[pool], self.now).await?;
        let decision = provisioning::settle(&situation, self.cause, self.now)?;
        self.perform(unit, &decision, &HashMap::new()).await?;
        Ok(!decision.is_empty())
    }

    /// Carries a decision out, and records it: entries about users of these actors in their names.
    async fn perform(
        self,
        unit: &mut WriteUnit,
        decision: &Decision,
        actors: &HashMap<UserId, &Actor>,
    ) -> Result<(), Error> {
        let by = |user: UserId| actors.get(&user).copied().unwrap_or(self.actor);
        unit.carry_out(decision, by, self.now).await?;
        let ended = |effect: &Effect| match effect {
            Effect::ApplicationTold { user, event: ApplicationEvent::Deactivated } => Some(*user),
            _ => None,
        };
        let notices: Vec<NewJob> =
            decision.effects.iter().filter_map(ended).map(|user| notify::job(user, self.now)).collect();
        if !notices.is_empty() && Settings::of(&unit.own_tenant().await?)?.sending.deactivation_notice {
            unit.enqueue_all(notices, self.now).await?;
        }
        let lacks = |effect: &Effect| match effect {
            Effect::SeatQueued { pool, .. } | Effect::SeatTaken { pool, overage: true, .. } => Some(*pool),
            _ => None,
        };
        let full: BTreeSet<PoolId> = decision.effects.iter().filter_map(lacks).collect();
        if !full.is_empty() {
            alert_full::note(unit, &Vec::from_iter(full), self.now).await?;
        }
        let actor = |entry: &Entry| match &entry.subject {
            Subject::User(user) => by(*user),
            _ => self.actor,
        };
        Ok(unit.record(decision.entries.iter().map(|entry| (entry, actor(entry))), self.now).await?)
    }
}
