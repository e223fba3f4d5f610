//! Names: who creates, attaches or cleans dies, and the name refers to a finished segment or to none.

use std::fs;

use selvedge::{
    segment::{AttachError, Cleaned, Directory, Origin, Shared},
    semaphore::{SemaphoreConfig, SharedSemaphore},
};
use selvedge_tests::deaths::{Account, Death, Harm, Operation, Subject};
use tempfile::TempDir;

type Named = Shared<SharedSemaphore>;

const NAME: &str = "name";

/// What the victim creates, and what was there before have another number of permits each.
const NEW: u32 = 5;
const OLD: u32 = 7;

struct World {
    directory: Directory,
    _temporary: TempDir,
}

/// A directory, in which nothing has the name.
fn empty() -> World {
    let temporary = tempfile::Builder::new().prefix("tests.").tempdir_in("/dev/shm").unwrap();
    World { directory: Directory::at(temporary.path()), _temporary: temporary }
}

/// A directory, in which a segment that nobody uses has the name.
fn stale() -> World {
    let world = empty();
    drop(world.directory.create::<SharedSemaphore>(NAME, config(OLD)).unwrap());
    world
}

fn config(permits: u32) -> SemaphoreConfig {
    SemaphoreConfig::counting(permits)
}

/// A victim has the directory, and what it came by.
struct Victim(Directory, Option<Named>);

fn victim(world: &World) -> Victim {
    Victim(world.directory.clone(), None)
}

fn corrupt(error: impl ToString) -> Harm {
    Harm::Corrupt(error.to_string())
}

/// The permits of the finished segment that has the name; `None` if nothing has it.
fn permits(world: &World) -> Result<Option<u32>, Harm> {
    match world.directory.attach::<SharedSemaphore>(NAME) {
        Ok(semaphore) => Ok(Some(semaphore.handle().map_err(corrupt)?.max())),
        Err(AttachError::NotFound { .. }) => Ok(None),
        Err(error) => Err(corrupt(error)),
    }
}

/// The name is one of `allowed`; then it is created or attached to, cleaned, and leaves nothing behind.
fn settle(world: &World, allowed: &[Option<u32>]) -> Account {
    let found = permits(world)?;
    if !allowed.contains(&found) {
        return Err(Harm::Corrupt(format!("{found:?} permits, not one of {allowed:?}")));
    }
    let directory = &world.directory;
    let (semaphore, origin) =
        directory.create_or_attach::<SharedSemaphore>(NAME, config(NEW)).map_err(corrupt)?;
    if (origin == Origin::Created) != found.is_none() {
        return Err(Harm::Doubled(format!("{origin:?}, having found {found:?}")));
    }
    drop(semaphore);
    match directory.clean(NAME) {
        Ok(Cleaned::Removed) => {}
        Ok(other) => return Err(Harm::Wedged(format!("cleaning says {other:?}"))),
        Err(error) => return Err(corrupt(error)),
    }
    let path = directory.path(NAME).map_err(corrupt)?;
    let left = fs::read_dir(path.parent().expect("a directory")).map_err(corrupt)?.count();
    if left == 0 { Ok(0) } else { Err(Harm::Lost(format!("{left} files left behind"))) }
}

/// Nothing had the name, and the victim was to create it.
fn after_creating(world: World, death: Death) -> Account {
    let absent = death.returned.is_none().then_some(None);
    settle(&world, &absent.into_iter().chain([Some(NEW)]).collect::<Vec<_>>())
}

/// The name is still that of the old segment.
fn after_attaching(world: World, _: Death) -> Account {
    settle(&world, &[Some(OLD)])
}

/// The victim was to remove the old name.
fn after_cleaning(world: World, death: Death) -> Account {
    let still = death.returned.is_none().then_some(Some(OLD));
    settle(&world, &still.into_iter().chain([None]).collect::<Vec<_>>())
}

/// The victim was to replace the old segment.
fn after_taking_over(world: World, death: Death) -> Account {
    let before = [Some(OLD), None].into_iter().filter(|_| death.returned.is_none());
    settle(&world, &before.chain([Some(NEW)]).collect::<Vec<_>>())
}

pub(crate) fn operations() -> Vec<Box<dyn Subject>> {
    let create = Operation {
        name: "naming create",
        allowed: 0,
        begins_as: None,
        prepare: empty,
        victim,
        operate: |Victim(directory, found)| {
            *found = Some(directory.create(NAME, config(NEW)).unwrap());
            0
        },
        meanwhile: Operation::<World, Victim>::NOTHING,
        survive: after_creating,
    };
    let create_or_attach = Operation {
        name: "naming create_or_attach, absent",
        operate: |Victim(directory, found)| {
            *found = Some(directory.create_or_attach(NAME, config(NEW)).unwrap().0);
            0
        },
        ..create
    };
    let attach = Operation {
        name: "naming attach",
        prepare: stale,
        operate: |Victim(directory, found)| {
            *found = Some(directory.attach(NAME).unwrap());
            0
        },
        survive: after_attaching,
        ..create
    };
    let attach_or_create = Operation {
        name: "naming create_or_attach, present",
        operate: |Victim(directory, found)| {
            *found = Some(directory.create_or_attach(NAME, config(NEW)).unwrap().0);
            0
        },
        ..attach
    };
    let clean = Operation {
        name: "naming clean",
        operate: |Victim(directory, _)| {
            assert_eq!(directory.clean(NAME).unwrap(), Cleaned::Removed);
            0
        },
        survive: after_cleaning,
        ..attach
    };
    let unlink = Operation {
        name: "naming unlink",
        operate: |Victim(directory, _)| {
            directory.unlink(NAME).unwrap();
            0
        },
        ..clean
    };
    let take_over = Operation {
        name: "naming take_over",
        operate: |Victim(directory, found)| {
            *found = Some(directory.take_over(NAME, config(NEW)).unwrap());
            0
        },
        survive: after_taking_over,
        ..attach
    };
    vec![
        Box::new(create),
        Box::new(create_or_attach),
        Box::new(attach),
        Box::new(attach_or_create),
        Box::new(clean),
        Box::new(unlink),
        Box::new(take_over),
    ]
}
