//! Enrolment by group: which groups are bound to a pool, what would follow from another choice, and the confirmations.

use std::collections::HashSet;

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::bindings;
use operations::consequences::{Agreed, Consequences, Kind};
use operations::directory::Group;
use operations::groups::Dynamic;
use operations::{Right, directory};

use super::confirm::CHANGED;
use super::desk::Desk;
use super::frame::{At, Frame};
use super::groups::{found, hides_dynamic, query};
use super::user::{Pool, pools};
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};
use crate::pages::form::Form;

/// The form with the groups of a page.
#[derive(Template)]
#[template(path = "console/groups_enrol.html")]
struct Enrol {
    f: Frame,
    pools: Vec<Pool>,
    /// The pool whose groups are chosen.
    pool: String,
    pool_name: String,
    hide_dynamic: bool,
    search: String,
    previous: Option<String>,
    next: Option<String>,
    groups: Vec<Group>,
    total: u64,
    error: Option<String>,
}

/// What would follow, beside the form.
#[derive(Template)]
#[template(path = "console/_group_effect.html")]
struct Effects<'a> {
    f: &'a Frame,
    parts: &'a [Effect],
}

/// What would follow, with the question whether it is to be done.
#[derive(Template)]
#[template(path = "console/groups_confirm.html")]
struct Confirm {
    f: Frame,
    pool: String,
    pool_name: String,
    part: Effect,
    /// The groups that are asked about after these.
    later: Vec<String>,
    error: Option<String>,
}

/// What would follow from binding groups, or from unbinding them.
struct Effect {
    binds: bool,
    groups: Named,
    follows: Consequences,
}

impl Effect {
    fn number(&self) -> u64 {
        self.groups.len() as u64
    }

    fn people(&self, kind: Kind) -> u64 {
        self.follows.of_kind(kind)
    }

    fn seated(&self) -> u64 {
        self.people(Kind::GetSeat)
    }

    fn wait(&self) -> u64 {
        self.people(Kind::Wait)
    }

    fn refused(&self) -> u64 {
        self.people(Kind::Refused)
    }

    fn locked_out(&self) -> u64 {
        self.people(Kind::LoseAccess)
    }

    fn losers(&self) -> u64 {
        self.follows.losses.people
    }

    fn unaffected(&self) -> u64 {
        self.follows.unaffected
    }

    fn warning(&self) -> Option<String> {
        Dynamic::warning(&self.follows.dynamic_groups)
    }

    /// The first people of whom most is to be said.
    fn names(&self) -> Vec<&str> {
        let kind = if self.binds { Kind::GetSeat } else { Kind::LoseAccess };
        let shares = self.follows.people.iter().filter(|share| share.kind == kind);
        shares.flat_map(|share| share.first.iter().map(|named| named.user_name.as_str())).collect()
    }

    /// Whether the number of people is to be typed, because more than one loses something.
    fn counts_people(&self) -> bool {
        !self.binds && self.losers() > 1
    }
}

/// Groups: ids and names.
type Named = Vec<(String, String)>;

/// What a form chooses.
struct Choice {
    pool: String,
    bind: Named,
    unbind: Named,
}

pub(super) async fn form(desk: Desk) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        shown(&desk, None, StatusCode::OK).await
    };
    made().await.unwrap_or_else(Failure::into_response)
}

async fn shown(desk: &Desk, error: Option<String>, status: StatusCode) -> Result<Response, Failure> {
    let (found, pools) = (found(desk).await?, pools(desk).await?);
    let asked = desk.asked("pool");
    let chosen = pools.iter().find(|pool| pool.id == asked).or_else(|| pools.first());
    let (pool, pool_name) = chosen.map_or_else(Default::default, |pool| (pool.id.clone(), pool.name.clone()));
    let f = desk.frame(At::Groups).await?;
    let address = |start: u64| format!("{}?{}", f.to("/groups/enrol"), query(desk, Some(&pool), start));
    let shown = Enrol {
        previous: found.previous.map(address),
        next: found.next.map(address),
        f,
        pool,
        pool_name,
        hide_dynamic: hides_dynamic(desk),
        search: desk.asked("q"),
        groups: found.groups,
        total: found.total,
        pools,
        error,
    };
    Ok(page(status, &shown))
}

impl Enrol {
    fn is_bound(&self, group: &Group) -> bool {
        group.pools.contains(&self.pool_name)
    }
}

/// The name of a pool of the tenant.
async fn pool_name(desk: &Desk, pool: &str) -> Result<String, Failure> {
    let found = pools(desk).await?.into_iter().find(|known| known.id == pool);
    found.map(|pool| pool.name).ok_or_else(|| Failure::status(404, "There is no such licence pool."))
}

/// Which groups the form would bind, and which it would unbind: of those that it shows.
async fn choice(desk: &Desk, form: &Form) -> Result<Choice, Failure> {
    let pool = form.field("pool").unwrap_or_default();
    pool_name(desk, &pool).await?;
    let mut bound = bindings::list(desk.app().db(), &desk.tenant_id()).await?;
    bound.retain(|binding| binding.pool.to_string() == pool);
    let bound: HashSet<String> = bound.iter().map(|binding| binding.group.to_string()).collect();
    let (shown, ticked) = (form.fields("shown"), form.fields("group"));
    let (mut bind, mut unbind) = (Vec::new(), Vec::new());
    for id in shown {
        let (was, is) = (bound.contains(&id), ticked.contains(&id));
        if was == is {
            continue;
        }
        let known = directory::group(desk.app().db(), &desk.operator("group show"), &id, 0, 0).await;
        // A group that was deleted meanwhile is left out.
        let Ok(known) = known else { continue };
        if is { &mut bind } else { &mut unbind }.push((id, known.group.name));
    }
    Ok(Choice { pool, bind, unbind })
}

async fn effect(desk: &Desk, pool: &str, binds: bool, groups: Named) -> Result<Effect, Failure> {
    let (db, operator) = (desk.app().db(), desk.operator("binding preview"));
    let ids: Vec<&str> = groups.iter().map(|(id, _)| id.as_str()).collect();
    let follows = if binds {
        bindings::preview_create(db, &operator, bindings::New::of(&ids, pool)).await?
    } else {
        bindings::preview_delete(db, &operator, &ids, pool).await?
    };
    Ok(Effect { binds, groups, follows })
}

pub(super) async fn preview(desk: Desk, form: Form) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        let Choice { pool, bind, unbind } = choice(&desk, &form).await?;
        let mut parts = Vec::new();
        for (binds, groups) in [(true, bind), (false, unbind)] {
            if !groups.is_empty() {
                parts.push(effect(&desk, &pool, binds, groups).await?);
            }
        }
        let f = desk.frame(At::Groups).await?;
        Ok::<_, Failure>(page(StatusCode::OK, &Effects { f: &f, parts: &parts }))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn save(desk: Desk, form: Form) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        let Choice { pool, bind, unbind } = choice(&desk, &form).await?;
        if bind.is_empty() && unbind.is_empty() {
            let said = desk.visitor.tongue.t("No group was ticked or unticked: nothing is to be saved.");
            return shown(&desk, Some(said.to_owned()), StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        ask(&desk, &pool, (bind, unbind), None, StatusCode::OK).await
    };
    made().await.unwrap_or_else(Failure::into_response)
}

/// Asks about the groups to bind, or about those to unbind where there are none.
async fn ask(
    desk: &Desk,
    pool: &str,
    (bind, unbind): (Named, Named),
    error: Option<String>,
    status: StatusCode,
) -> Result<Response, Failure> {
    let binds = !bind.is_empty();
    let (now, later) = if binds { (bind, unbind) } else { (unbind, Vec::new()) };
    let part = effect(desk, pool, binds, now).await?;
    let (f, pool_name) = (desk.frame(At::Groups).await?, pool_name(desk, pool).await?);
    let later = later.into_iter().map(|(id, _)| id).collect();
    Ok(page(status, &Confirm { f, pool: pool.to_owned(), pool_name, part, later, error }))
}

/// The groups of these ids with their names.
async fn named(desk: &Desk, ids: Vec<String>) -> Result<Named, Failure> {
    let mut named = Vec::new();
    for id in ids {
        let group = directory::group(desk.app().db(), &desk.operator("group show"), &id, 0, 0).await?;
        named.push((id, group.group.name));
    }
    Ok(named)
}

pub(super) async fn apply(desk: Desk, form: Form) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        let pool = form.field("pool").unwrap_or_default();
        let (bind, unbind) = (form.fields("bind"), form.fields("unbind"));
        let (db, binds) = (desk.app().db(), !bind.is_empty());
        let again = async |said: &str| {
            let said = desk.visitor.tongue.t(said).to_owned();
            let groups = (named(&desk, bind.clone()).await?, named(&desk, unbind.clone()).await?);
            ask(&desk, &pool, groups, Some(said), StatusCode::UNPROCESSABLE_ENTITY).await
        };
        let typed = |name: &str| form.field(name).and_then(|text| text.trim().parse::<u64>().ok());
        let ids: Vec<&str> = if binds { &bind } else { &unbind }.iter().map(String::as_str).collect();
        let agreed = Agreed::Verdicts(form.field("tag").unwrap_or_default());
        let done = if binds {
            let operator = desk.operator("binding create");
            bindings::create(db, &operator, bindings::New::of(&ids, &pool), agreed).await.map(drop)
        } else {
            let operator = desk.operator("binding delete");
            let follows = bindings::preview_delete(db, &operator, &ids, &pool).await?;
            if ids.len() > 1 && typed("groups") != Some(ids.len() as u64) {
                return again("Type the number of groups that are removed.").await;
            }
            if follows.losses.people > 1 && typed("people") != Some(follows.losses.people) {
                return again("Type the number of people who lose something.").await;
            }
            if !follows.holds.is_empty() && form.field("handed_over").is_none() {
                return again("Say that the handover is done first.").await;
            }
            bindings::delete(db, &operator, &ids, &pool, agreed).await.map(drop)
        };
        match done {
            Ok(()) if binds && !unbind.is_empty() => {
                let groups = (Vec::new(), named(&desk, unbind).await?);
                ask(&desk, &pool, groups, None, StatusCode::OK).await
            }
            Ok(()) => {
                // The members are settled by a job, which begins at once.
                desk.app().work().notify_one();
                let done = if binds { "bound" } else { "unbound" };
                Ok(see_other(&format!("/console/{}/groups?done={done}", desk.tenant.id)))
            }
            Err(operations::Error::Otherwise(_)) => again(CHANGED).await,
            Err(operations::Error::Refused(said)) => again(&said).await,
            Err(error) => Err(error.into()),
        }
    };
    made().await.unwrap_or_else(Failure::into_response)
}
