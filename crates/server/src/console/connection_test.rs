//! The test of a connection: what has arrived, what was refused before it could be told whose it was, and what to do next.

use chrono::{DateTime, TimeDelta, Utc};
use operations::secret::LENGTH;
use operations::tokens::Token;

use super::frame::Frame;
use crate::doctor::{Refused, Sent};
use crate::http::paths::SCIM;
use crate::pages::phrase::Markup;

/// How far back refusals are looked at.
pub(super) const WATCHED: TimeDelta = TimeDelta::minutes(30);

/// A refusal, and what to do about it.
pub(super) struct Finding {
    pub(super) refused: Refused,
    pub(super) what: Markup,
    pub(super) advice: Markup,
}

/// What refusals mean for a connection with these tokens, those of the same kind told once, the newest first. A refusal with a
/// token of another connection says nothing, and one that may be of another organisation is told without its signs.
pub(super) fn findings(f: &Frame, refused: Vec<Refused>, tokens: &[Token], others: &[Token]) -> Vec<Finding> {
    let mut told: Vec<(Sent, &'static str)> = Vec::new();
    let mut findings = Vec::new();
    for refused in refused {
        let is = |token: &&Token| Some(token.hint.as_str()) == refused.hint();
        if others.iter().any(|token| is(&token)) {
            continue;
        }
        let own = tokens.iter().find(is);
        let refused = if own.is_some() { refused } else { refused.clone().anonymous() };
        let key = (refused.sent.clone(), path_fault(&refused));
        if told.contains(&key) {
            continue;
        }
        told.push(key);
        let (what, advice) = meaning(f, &refused, own, f.now);
        findings.push(Finding { refused, what, advice });
    }
    findings
}

/// What is wrong with a path, as a word; nothing for one of SCIM.
fn path_fault(refused: &Refused) -> &'static str {
    let path = refused.path.to_ascii_lowercase();
    match () {
        () if path.matches(SCIM).count() > 1 => "doubled",
        () if path.starts_with(SCIM) => "",
        () => "elsewhere",
    }
}

fn meaning(f: &Frame, refused: &Refused, token: Option<&Token>, now: DateTime<Utc>) -> (Markup, Markup) {
    let address = format!("{SCIM}/Users");
    match path_fault(refused) {
        "doubled" => {
            return (
                f.say("*The address was entered twice.* The path was {a}.", &refused.path),
                f.say("Enter the address as it stands in the setup guide, without {a} behind it.", SCIM),
            );
        }
        "elsewhere" => {
            return (
                f.say("*A request went to another path.* It was {a}.", &refused.path),
                f.say(
                    "Requests for users go to {a}: enter the address as it stands in the setup guide.",
                    address,
                ),
            );
        }
        _ => {}
    }
    let again =
        "Paste the token again, whole and without a blank. If it is no longer at hand, make a new one.";
    match (&refused.sent, token) {
        (Sent::Nothing, _) => (
            f.say("*A request came without a token.*", ""),
            f.say("Enter the token where the setup guide says, as a bearer token.", ""),
        ),
        (Sent::OtherScheme(scheme), _) => (
            f.say("*A request came with another kind of sign-in:* {a}.", scheme),
            f.say("Choose a bearer token (HTTP header) as the kind of sign-in.", ""),
        ),
        (Sent::Foreign, _) => (
            f.say("*A request came with a token that is none of ours.*", ""),
            f.say("Our tokens begin with {a}. Paste the token of this connection.", operations::secret::PREFIX),
        ),
        (Sent::Cut(hint, length), token) => (
            match token {
                Some(_) => f.say("*A request came with a token that was damaged:* it begins with {a}.", hint),
                None => f.say("*A request came with a token that was damaged.*", ""),
            },
            f.say2("It had {a} characters and must have {b}. Paste it again, without blanks and quotation marks.", length, LENGTH),
        ),
        (Sent::Whole(hint), Some(token)) if token.revoked_at.is_some() => (
            f.say("*A request came with a token that was revoked:* {a}.", hint),
            f.say("Make a new token and enter it in the identity provider.", ""),
        ),
        (Sent::Whole(hint), Some(token)) if token.expires_at.is_some_and(|at| at <= now) => (
            f.say("*A request came with a token that has expired:* {a}.", hint),
            f.say("Make a new token and enter it in the identity provider.", ""),
        ),
        (Sent::Whole(hint), Some(_)) => (
            f.say("*A request came with a token that was changed on its way:* it begins with {a}.", hint),
            f.say(again, ""),
        ),
        (Sent::Whole(_), None) => (
            f.say("*A request came with a token that is not known here.* Where several organisations share this server, it may be of another one.", ""),
            f.say(again, ""),
        ),
    }
}
