//! How many people, groups, seconds and repetitions a run has.

/// The sizes of every scenario.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    /// People of a small tenant.
    pub(crate) few: usize,
    /// People of a large one.
    pub(crate) many: usize,
    /// People whose creation is timed.
    pub(crate) timed_creates: usize,
    /// Members of the three groups that get one more.
    pub(crate) groups: [usize; 3],
    /// Memberships of the tenant at which a user in a group is read; the second is also the size of each group.
    pub(crate) memberships: [usize; 4],
    /// Members of the group that is read in full.
    pub(crate) read_group: usize,
    /// Members of the group that is replaced without statistics.
    pub(crate) replaced_group: usize,
    /// Members of the group that is emptied.
    pub(crate) emptied_group: usize,
    /// Members of the group that is bound.
    pub(crate) bound_group: usize,
    /// Rows of the file that is imported.
    pub(crate) imported: usize,
    /// People who are invited at once.
    pub(crate) invited: usize,
    /// Users of 1 MiB in the list whose memory is measured.
    pub(crate) large_users: usize,
    /// People among whom the expensive searches look.
    pub(crate) searched: usize,
    /// Repetitions of what is measured one request at a time.
    pub(crate) repetitions: usize,
    /// Seconds of each load whose rate is measured.
    pub(crate) load_seconds: u32,
    /// Seconds of each of the two runs of the bare INSERT.
    pub(crate) baseline_seconds: u32,
    /// Seconds without a request before memory at rest is read.
    pub(crate) rest_seconds: u64,
}

/// The sizes of the figures that are published.
pub(crate) const FULL: Sizes = Sizes {
    few: 1_000,
    many: 100_000,
    timed_creates: 10_000,
    groups: [10, 1_000, 100_000],
    memberships: [0, 1_000, 6_000, 26_000],
    read_group: 1_000,
    replaced_group: 5_000,
    emptied_group: 50_000,
    bound_group: 20_000,
    imported: 50_000,
    invited: 2_000,
    large_users: 500,
    searched: 20_000,
    repetitions: 500,
    load_seconds: 10,
    baseline_seconds: 5,
    rest_seconds: 10,
};

/// The sizes of a run that only tries whether everything works.
pub(crate) const QUICK: Sizes = Sizes {
    few: 1_000,
    many: 5_000,
    timed_creates: 2_000,
    groups: [10, 1_000, 5_000],
    memberships: [0, 200, 1_000, 2_000],
    read_group: 200,
    replaced_group: 500,
    emptied_group: 1_000,
    bound_group: 1_000,
    imported: 2_000,
    invited: 200,
    large_users: 30,
    searched: 2_000,
    repetitions: 100,
    load_seconds: 2,
    baseline_seconds: 1,
    rest_seconds: 2,
};
