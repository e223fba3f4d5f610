use selvedge::{platform::Owner, protocol::naming};

use super::{Found, attach, clean, create_or_attach, keeps_name, ok, stale, take_over};
use crate::model::{Dies, Info, Model, Scenario, Victim, World, directory::Directory};

/// What a participant does with the name, until it dies.
#[derive(Clone, Copy)]
enum Part {
    CreateOrAttach,
    TakeOver,
    Attach,
    Clean,
    Unlink,
}

/// Participants any of whom may die: who survives has a finished file that keeps its name, and whoever comes
/// afterwards is not kept out by the dead.
#[derive(Clone, Copy)]
pub(super) struct Deaths {
    info: Info,
    stale: bool,
    parts: &'static [Part],
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
        ..Info::DEFAULT
    },
    stale: false,
    parts: &[Part::CreateOrAttach, Part::CreateOrAttach],
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
    parts: &[Part::TakeOver, Part::TakeOver],
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
    parts: &[Part::Clean, Part::Unlink],
};

/// Three, one death.
pub(super) const THREE: Deaths = Deaths {
    info: Info {
        name: "naming/one_of_three_dies",
        cut: Some(100_000),
        does: "attach, dying || attach, dying || clean, dying, of a stale name; one dies; then take over",
        claims: &["NAME-3", "NAME-4", "NAME-6"],
        reach: &["0 died, in use", "0 died, took over", "1 died, in use", "1 died, took over"],
        deaths: 1,
        ..CREATORS.info
    },
    stale: true,
    parts: &[Part::Attach, Part::Attach, Part::Clean],
};

impl Scenario for Deaths {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let directory = if self.stale { stale(world) } else { Directory::new(world) };
        let actors: Vec<_> = (0..)
            .zip(self.parts)
            .map(|(owner, part)| {
                let (directory, part) = (directory.clone(), *part);
                let victim = Victim { owner: Owner(owner), dies: Dies::Anywhere };
                world.victim("participant", victim, move || -> Found<M> {
                    match part {
                        Part::CreateOrAttach => create_or_attach(&directory),
                        Part::TakeOver => take_over(&directory),
                        Part::Attach => attach(&directory),
                        Part::Clean => (clean(&directory), None),
                        Part::Unlink => {
                            let _ = ok(naming::unlink(&directory, &(), |_| Ok(true)));
                            ("unlinked", None)
                        }
                    }
                })
            })
            .collect();
        let ended: Vec<Option<Found<M>>> = actors.into_iter().map(M::join).collect();
        let mut used = false;
        for (said, file) in ended.iter().flatten() {
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
