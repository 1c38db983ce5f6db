//! What a letter says, as typed values: who writes, to whom, and what about.

use chrono::NaiveDate;

use crate::{Contact, Kind, Link};

/// Everything that is particular to one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What the person is called, such as a given name. Without it the greeting has no name.
    pub name: Option<String>,
    /// Who writes.
    pub sender: Sender,
    /// What the letter is about.
    pub message: Message,
}

impl Content {
    /// The kind of the letter.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.message {
            Message::Invitation(_) => Kind::Invitation,
            Message::Code(_) => Kind::Code,
            Message::Reminder(_) => Kind::Reminder,
            Message::Return(_) => Kind::Return,
            Message::Deactivated(_) => Kind::Deactivated,
            Message::Alert(_) => Kind::Alert,
            Message::Test(_) => Kind::Test,
        }
    }
}

/// Who writes: the same for all letters of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The application that people are invited to.
    pub application: String,
    /// The organisation whose people they are: the tenant.
    pub organisation: String,
    /// Whom to ask.
    pub support: Option<Contact>,
    /// The page of questions and answers.
    pub faq: Option<Link>,
    /// Where to open a case.
    pub case: Option<Link>,
}

/// What a letter is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// See [`Kind::Invitation`].
    Invitation(Invitation),
    /// See [`Kind::Code`].
    Code(Code),
    /// See [`Kind::Reminder`].
    Reminder(Reminder),
    /// See [`Kind::Return`].
    Return(Return),
    /// See [`Kind::Deactivated`].
    Deactivated(Deactivated),
    /// See [`Kind::Alert`].
    Alert(Alert),
    /// See [`Kind::Test`].
    Test(Test),
}

/// A person may begin to use the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The page with the download.
    pub link: Link,
    /// The address or name to sign in with.
    pub sign_in: String,
    /// The last day of the invitation.
    pub valid_until: Option<NaiveDate>,
    /// What the application is, in a sentence or two of the tenant.
    pub introduction: Option<String>,
}

/// The code that shows that an address is a person's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The digits without spaces; the letter shows them in groups of three.
    pub code: String,
    /// For how many minutes the code is valid.
    pub minutes: u32,
    /// The device that asked for the code.
    pub device: Option<String>,
}

/// A person has steps left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// The page to continue on.
    pub link: Link,
    /// All steps in their order; the first that is not done is the next one.
    pub steps: Vec<Progress>,
    /// The day of the first step.
    pub began_on: Option<NaiveDate>,
    /// Which reminder this is, counted from 1.
    pub number: u32,
    /// How many reminders there will be at most.
    pub of: Option<u32>,
}

/// One step of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which step.
    pub step: Step,
    /// True when the person has taken the step.
    pub done: bool,
}

/// What a person does to get into the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Opens the invitation, and with it the download.
    Open,
    /// Signs in on a first device, with its name when that is known.
    SignIn(Option<String>),
    /// Types the code.
    Verify,
    /// Sets the PIN.
    Pin,
    /// Restores from the backup file.
    Restore,
}

/// Access is on again after a deactivation, and the backup has to be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// The page to begin on.
    pub link: Link,
    /// The address or name to sign in with.
    pub sign_in: String,
    /// The day on which access had ended.
    pub ended_on: Option<NaiveDate>,
}

/// Access has ended for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deactivated {
    /// The day on which access ended.
    pub ended_on: NaiveDate,
}

/// An administrator has to know of something. The words come from the caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alert {
    /// The subject.
    pub subject: String,
    /// The heading; shorter than the subject.
    pub title: String,
    /// One sentence that lists of mails show beside the subject.
    pub summary: String,
    /// What happened.
    pub paragraphs: Vec<String>,
    /// What happened, in names and values.
    pub facts: Vec<Fact>,
    /// Where to act.
    pub action: Option<Action>,
    /// What the choices mean, below the button.
    pub advice: Option<String>,
    /// Who gets this mail and how often, in small print.
    pub note: Option<String>,
    /// What to name when asking about this alert.
    pub reference: Option<String>,
}

/// One fact of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What the value is.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What the button says.
    pub label: String,
    /// Where it leads.
    pub link: Link,
}

/// An administrator tries the settings for mail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Test {
    /// The mail server that took the mail.
    pub server: Option<String>,
}
