//! The platform of a reader, from what the browser says of itself.

use super::journey::Platform;

impl Platform {
    /// The platform that a `User-Agent` names; nothing when it names none that applications are made for.
    pub(crate) fn of_agent(agent: &str) -> Option<Self> {
        // Telephones name what their systems descend from as well, so they come first.
        const MARKS: &[(&str, Platform)] = &[
            ("Android", Platform::Android),
            ("iPhone", Platform::Ios),
            ("iPad", Platform::Ios),
            ("Windows NT", Platform::Windows),
            ("Macintosh", Platform::MacOs),
            ("Linux", Platform::Linux),
        ];
        MARKS.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, platform)| *platform)
    }

    /// The icon of its device.
    pub(crate) const fn icon(self) -> Icon {
        match self {
            Self::Windows | Self::MacOs | Self::Linux => Icon::Laptop,
            Self::Ios | Self::Android => Icon::Phone,
            Self::Browser => Icon::Browser,
            Self::Other => Icon::Download,
        }
    }
}

/// How a download is pictured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Laptop,
    Phone,
    Browser,
    Download,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_read_as_what_they_run_on() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/148.0",
                Some(Platform::Windows),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15",
                Some(Platform::MacOs),
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Some(Platform::Linux)),
            ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/148.0 Mobile", Some(Platform::Android)),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148", Some(Platform::Ios)),
            ("Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) Mobile/15E148", Some(Platform::Ios)),
            ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/148.0", None),
            ("curl/8.5.0", None),
            ("", None),
        ] {
            assert_eq!(Platform::of_agent(agent), expected, "{agent}");
        }
    }
}
