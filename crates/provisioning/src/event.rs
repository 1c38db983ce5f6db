//! What the application is told about people: the kinds of events.

use crate::{effect::ApplicationEvent, words::words};

/// What an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// Let the person in, at the start of an enrolment.
    AccessGranted,
    /// Lock the person out and keep everything.
    AccessCut,
    /// Let the person in again, nothing was lost.
    AccessRestored,
    /// Lock the person out if they are not, and give up what was kept for them.
    Deactivated,
    /// The person is gone: lock out, give up, forget; an unknown one is nothing to do.
    Removed,
    /// A step of the enrolment was taken.
    EnrolmentStep,
    /// Every step of the enrolment was taken.
    Activated,
    /// A device of the person is refused from now on.
    DeviceRevoked,
}

words!(EventKind, "event kind", {
    AccessGranted => "access-granted",
    AccessCut => "access-cut",
    AccessRestored => "access-restored",
    Deactivated => "deactivated",
    Removed => "removed",
    EnrolmentStep => "enrolment-step",
    Activated => "activated",
    DeviceRevoked => "device-revoked",
});

impl EventKind {
    /// Whether the person has access after an event that rules decided; none for an event that changes no access.
    #[must_use]
    pub const fn access(self) -> Option<bool> {
        match self {
            Self::AccessGranted | Self::AccessRestored => Some(true),
            Self::AccessCut | Self::Deactivated | Self::Removed => Some(false),
            Self::EnrolmentStep | Self::Activated | Self::DeviceRevoked => None,
        }
    }
}

impl From<ApplicationEvent> for EventKind {
    fn from(event: ApplicationEvent) -> Self {
        match event {
            ApplicationEvent::AccessGranted => Self::AccessGranted,
            ApplicationEvent::AccessCut => Self::AccessCut,
            ApplicationEvent::AccessRestored => Self::AccessRestored,
            ApplicationEvent::Deactivated => Self::Deactivated,
            ApplicationEvent::Removed => Self::Removed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rules_tell_has_the_same_word_as_an_event() {
        for event in ApplicationEvent::ALL {
            assert_eq!(EventKind::from(*event).as_str(), event.as_str());
            assert!(EventKind::from(*event).access().is_some(), "{event} is about access");
        }
    }
}
