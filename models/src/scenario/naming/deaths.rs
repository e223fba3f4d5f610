use selvedge::{platform::Owner, protocol::naming};

use super::{Found, attach, clean, create_or_attach, keeps_name, ok, stale, take_over};
use crate::model::{Info, Model, Scenario, World, directory::Directory};

/// What a participant does with the name, until it dies.
#[derive(Clone, Copy)]
enum Part {
    CreateOrAttach,
    TakeOver,
    Attach,
    Clean,
    Unlink,
}

impl Part {
    fn play<M: Model>(self, directory: &Directory<M>) -> Found<M> {
        match self {
            Self::CreateOrAttach => create_or_attach(directory),
            Self::TakeOver => take_over(directory),
            Self::Attach => attach(directory),
            Self::Clean => (clean(directory), None),
            Self::Unlink => {
                let _ = ok(naming::unlink(directory, &(), |_| Ok(true)));
                ("unlinked", None)
            }
        }
    }
}

/// Participants some of whom may die: who survives has a finished file that keeps its name, and whoever comes
/// afterwards is not kept out by the dead.
#[derive(Clone, Copy)]
pub(super) struct Deaths {
    info: Info,
    stale: bool,
    /// Each one's operations, and whether it may die.
    parts: &'static [(&'static [Part], bool)],
}

/// Two create, both may die.
pub(super) const CREATORS: Deaths = Deaths {
    info: Info {
        name: "naming/creators_die",
        does: "create or attach, dying || the same, dying too; then take over",
        claims: &["NAME-2", "NAME-5", "NAME-6"],
        reach: &["0 died, in use", "1 died, in use", "2 died, took over"],
        deaths: 2,
        explorer_only: true,
        spurious: 0,
        ..Info::DEFAULT
    },
    stale: false,
    parts: &[(&[Part::CreateOrAttach], true), (&[Part::CreateOrAttach], true)],
};

/// Two take over, both may die.
pub(super) const USURPERS: Deaths = Deaths {
    info: Info {
        name: "naming/usurpers_die",
        does: "take over, dying || the same, dying too, of a stale name; then take over",
        claims: &["NAME-5", "NAME-6"],
        reach: &["0 died, in use", "1 died, in use", "1 died, took over", "2 died, took over"],
        ..CREATORS.info
    },
    stale: true,
    parts: &[(&[Part::TakeOver], true), (&[Part::TakeOver], true)],
};

/// One cleans, one unlinks, both may die.
pub(super) const REMOVERS: Deaths = Deaths {
    info: Info {
        name: "naming/removers_die",
        does: "clean, dying || unlink, dying too, of a stale name; then take over",
        claims: &["NAME-6"],
        reach: &["0 died, took over", "1 died, took over", "2 died, took over"],
        ..CREATORS.info
    },
    stale: true,
    parts: &[(&[Part::Clean], true), (&[Part::Unlink], true)],
};

/// Two operations each, one death: of two who are alike, the first.
pub(super) const TWO_EACH: Deaths = Deaths {
    info: Info {
        name: "naming/death_of_one_of_two",
        does: "clean, create or attach, dying || the same, alive, of a stale name; then take over",
        claims: &["NAME-2", "NAME-3", "NAME-4", "NAME-6"],
        reach: &["0 died, in use", "1 died, in use"],
        deaths: 1,
        ..CREATORS.info
    },
    stale: true,
    parts: &[
        (&[Part::Clean, Part::CreateOrAttach], true),
        (&[Part::Clean, Part::CreateOrAttach], false),
    ],
};

/// One of three who attaches.
pub(super) const USER_AMONG_THREE: Deaths = Deaths {
    info: Info {
        name: "naming/user_among_three_dies",
        does: "attach, dying || attach, alive || clean, of a stale name; then take over",
        claims: &["NAME-3", "NAME-4", "NAME-6"],
        reach: &["0 died, in use", "0 died, took over", "1 died, in use", "1 died, took over"],
        deaths: 1,
        ..CREATORS.info
    },
    stale: true,
    parts: &[(&[Part::Attach], true), (&[Part::Attach], false), (&[Part::Clean], false)],
};

/// One of three who cleans.
pub(super) const CLEANER_AMONG_THREE: Deaths = Deaths {
    info: Info {
        name: "naming/cleaner_among_three_dies",
        does: "attach || attach || clean, dying, of a stale name; then take over",
        ..USER_AMONG_THREE.info
    },
    parts: &[(&[Part::Attach], false), (&[Part::Attach], false), (&[Part::Clean], true)],
    ..USER_AMONG_THREE
};

impl Scenario for Deaths {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let directory = if self.stale { stale(world) } else { Directory::new(world) };
        let actors: Vec<_> = (0..)
            .zip(self.parts)
            .map(|(owner, (parts, mortal))| {
                let directory = directory.clone();
                world.participant("participant", Owner(owner), *mortal, move || {
                    parts.iter().map(|part| part.play(&directory)).collect()
                })
            })
            .collect();
        let ended: Vec<Option<Vec<Found<M>>>> = actors.into_iter().map(M::join).collect();
        let mut used = false;
        for (said, file) in ended.iter().flatten().flatten() {
            assert_ne!(*said, "attached to something half-made");
            used |= file.is_some();
            assert_ne!(keeps_name(&directory, file.as_ref()), "robbed of its name", "{said}");
        }
        let (after, _file) = take_over(&directory);
        assert_eq!(after == "in use", used, "{after}");
        let died = ended.iter().filter(|end| end.is_none()).count();
        let attached = ok(naming::attach(&directory, &())).is_some();
        assert!(attached, "the name is there");
        format!("{died} died, {after}")
    }
}
