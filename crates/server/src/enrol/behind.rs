//! What is behind the pages: the operations, translated into what pages show.

use std::sync::Arc;

use futures::FutureExt as _;
use operations::Requester;
use operations::enrolment::{self, Refused};
use operations::tenants::{self, Settings};
use operations::visit::{self, Visit};
use provisioning::code::{CheckRefused, SendRefused};
use provisioning::{Enrolment, Status, Step};

use super::journey::{
    Checked, Closed, Code, Download, Gone, Journey, Journeys, Platform, Sender, Sent, Stage, Why,
};
use crate::app::App;
use crate::http::error::Failure;
use crate::pages::link::WebLink;

/// The pages of this program.
pub(crate) const JOURNEYS: Journeys = Journeys {
    look: |app, token| async move { Ok(journey(visited(&app, &token).await?)) }.boxed(),
    send_code: |app, token| send_code(app, token).boxed(),
    check_code: |app, token, digits| check_code(app, token, digits).boxed(),
    restored: |app, token, _| restored(app, token).boxed(),
};

/// The person of a link.
async fn visited(app: &App, token: &str) -> Result<Visit, Closed> {
    match visit::of(app.db(), token, app.now()).await.map_err(Failure::from)? {
        Some(Ok(visit)) => Ok(visit),
        Some(Err(over)) => {
            let why = match over.why {
                visit::Why::Expired(day) => Why::Expired(day),
                visit::Why::AddressChanged => Why::AddressChanged,
                visit::Why::AccessEnded => Why::AccessEnded,
            };
            let sender = sender(over.organisation, &over.settings);
            Err(Closed::Gone(Box::new(Gone { sender, why })))
        }
        None => Err(Failure::no_endpoint().into()),
    }
}

/// Records that the invitation was opened, which only a form says, and has a code sent.
async fn send_code(app: Arc<App>, token: String) -> Result<Sent, Closed> {
    let visit = visited(&app, &token).await?;
    if visit.enrolment.steps.at(Step::EmailVerified).is_some() {
        return Ok(Sent::NotNeeded);
    }
    let (requester, user) = (requester(&app, &visit), visit.visitor.user);
    enrolment::take(app.db(), &requester, user, Step::InvitationOpened).await.map_err(Failure::from)?;
    match enrolment::send_code(app.db(), &requester, user, None).await {
        Ok(_) => {
            app.work().notify_one();
            Ok(Sent::Now)
        }
        Err(operations::Error::Enrolment(Refused::Send(refused))) => Ok(match refused {
            SendRefused::TooSoon { wait } => Sent::TooSoon(wait),
            SendRefused::TooMany { wait } => Sent::NoMoreToday(wait),
        }),
        Err(other) => Err(Failure::from(other).into()),
    }
}

async fn check_code(app: Arc<App>, token: String, digits: String) -> Result<Checked, Closed> {
    let visit = visited(&app, &token).await?;
    if visit.enrolment.steps.at(Step::EmailVerified).is_some() {
        return Ok(Checked::Right);
    }
    let Some(code) = visit.code else { return Ok(Checked::NoCode) };
    let checked =
        enrolment::check_code(app.db(), &requester(&app, &visit), visit.visitor.user, &digits).await;
    match checked {
        Ok(_) => Ok(Checked::Right),
        Err(operations::Error::Enrolment(Refused::Check(refused))) => Ok(match refused {
            CheckRefused::Wrong { left } => Checked::Wrong { left },
            CheckRefused::Ended if code.valid <= chrono::TimeDelta::zero() => Checked::Expired,
            CheckRefused::Ended => Checked::Spent(code.again),
        }),
        Err(other) => Err(Failure::from(other).into()),
    }
}

/// A person without a backup has nothing left to restore, either.
async fn restored(app: Arc<App>, token: String) -> Result<(), Closed> {
    let visit = visited(&app, &token).await?;
    let taken = enrolment::take(app.db(), &requester(&app, &visit), visit.visitor.user, Step::Restored).await;
    match taken {
        // Another page was open: nothing is owed any more.
        Err(operations::Error::Enrolment(Refused::Step(_))) | Ok(_) => Ok(()),
        Err(other) => Err(Failure::from(other).into()),
    }
}

fn requester(app: &App, visit: &Visit) -> Requester {
    visit.visitor.requester(app.id().to_string(), app.now())
}

fn journey(visit: Visit) -> Journey {
    let code = visit.code.map(|code| Code { valid: code.valid, left: code.tries_left, again: code.again });
    let stage = stage(&visit.enrolment, visit.valid_until, code, visit.device);
    Journey {
        name: visit.called.unwrap_or_else(|| visit.sign_in.clone()),
        sign_in: visit.sign_in,
        address: visit.address,
        downloads: visit
            .settings
            .downloads
            .iter()
            .filter_map(|(platform, link)| download(*platform, link))
            .collect(),
        off: visit.ended_on,
        stage,
        sender: sender(visit.organisation, &visit.settings),
    }
}

fn stage(
    enrolment: &Enrolment,
    until: chrono::NaiveDate,
    code: Option<Code>,
    device: Option<String>,
) -> Stage {
    let taken = |step| enrolment.steps.at(step).is_some();
    if enrolment.status == Status::Active {
        Stage::Done { device }
    } else if !taken(Step::EmailVerified) {
        Stage::Invited { until: Some(until), code }
    } else if taken(Step::PinSet) {
        Stage::Restore
    } else {
        Stage::Verified { device }
    }
}

fn sender(organisation: String, settings: &Settings) -> Sender {
    let link = |text: &Option<String>| text.as_deref().and_then(WebLink::parse);
    let support = settings.support.clone();
    let is_page = support.as_deref().is_some_and(|text| WebLink::parse(text).is_some());
    Sender {
        organisation,
        application: settings.application_name(),
        // A page at which people ask stands where cases are opened.
        case: link(&settings.case).or_else(|| link(&support)),
        support: support.filter(|_| !is_page),
        faq: link(&settings.faq),
        privacy: link(&settings.privacy),
    }
}

fn download(platform: tenants::Platform, link: &str) -> Option<Download> {
    let platform = match platform {
        tenants::Platform::Windows => Platform::Windows,
        tenants::Platform::Macos => Platform::MacOs,
        tenants::Platform::Linux => Platform::Linux,
        tenants::Platform::Ios => Platform::Ios,
        tenants::Platform::Android => Platform::Android,
        tenants::Platform::Browser => Platform::Browser,
        tenants::Platform::Any => Platform::Other,
    };
    Some(Download { platform, link: WebLink::parse(link)?, note: None })
}
