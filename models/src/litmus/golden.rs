//! The litmus tests of `models/litmus`, and what is known of them.
//!
//! The numbers are those of complete consistent executions, told apart by program order, reads-from and
//! modification order: by values alone, programs that store equal values have fewer. They agree with
//! GenMC's published figures (Kokologiannakis, Raad and Vafeiadis, "Model checking for weakly consistent
//! libraries", PLDI 2019), and were recomputed by brute-force enumeration.
//!
//! RC11 is that of Lahav, Vafeiadis, Kang, Hur and Dreyer, "Repairing sequential consistency in C/C++11",
//! PLDI 2017, but for two points on which numbers hang: release sequences are C++20's, an own relaxed
//! store does not continue one; and `scb` has `sb; hb; sb` where the paper has it between different
//! locations only, a read-modify-write being a read and a write in `sb`. `pldi17` counts as the paper does.

use super::Program;

/// A litmus test with what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Golden {
    /// The test.
    pub text: &'static str,
    /// Does RC11 allow the final state of its `exists`?
    pub exists: Allows,
    /// What else is known.
    pub known: Known,
}

/// Can it happen?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allows {
    /// In some execution.
    Allowed,
    /// In none.
    Forbidden,
}
use Allows::{Allowed, Forbidden};

/// What is known of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// How many executions it has; all its accesses are atomic.
    Executions {
        /// Under RC11.
        rc11: u32,
        /// Under sequential consistency.
        sc: u32,
        /// Under RC11 to the letter of the paper.
        pldi17: u32,
    },
    /// Its plain accesses race in some execution (under `pldi17` in none).
    Race,
    /// They race in none.
    NoRace,
}
use Known::{Executions, NoRace, Race};

impl Golden {
    /// The test as a program.
    ///
    /// # Panics
    /// Never for a row of [`ALL`], which the tests parse.
    pub fn program(&self) -> Program {
        Program::parse(self.text).unwrap_or_else(|e| panic!("{e} in:\n{}", self.text))
    }
}

/// Names a file of `models/litmus` and takes its text in.
macro_rules! golden {
    ($name:literal, $exists:expr, $known:expr) => {
        Golden {
            text: include_str!(concat!("../../litmus/", $name, ".litmus")),
            exists: $exists,
            known: $known,
        }
    };
}

/// Every test.
pub const ALL: [Golden; 64] = [
    golden!("2+2W", Allowed, Executions { rc11: 4, sc: 3, pldi17: 4 }),
    golden!("2+2W+3sc+rel2", Allowed, Executions { rc11: 4, sc: 3, pldi17: 4 }),
    golden!("2+2W+4sc", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("2CoWR", Allowed, Executions { rc11: 4, sc: 4, pldi17: 4 }),
    golden!("CoRR", Forbidden, Executions { rc11: 6, sc: 6, pldi17: 6 }),
    golden!("CoRR0", Allowed, Executions { rc11: 4, sc: 4, pldi17: 4 }),
    golden!("CoRR2", Forbidden, Executions { rc11: 72, sc: 72, pldi17: 72 }),
    golden!("CoWR", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("IRIW-acq-sc", Allowed, Executions { rc11: 16, sc: 15, pldi17: 16 }),
    golden!("LB+acq", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("LB+ctrl+rel", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("LB+fr-fr-data+data", Allowed, Executions { rc11: 18, sc: 16, pldi17: 18 }),
    golden!("LB+incMPs", Forbidden, Executions { rc11: 15, sc: 15, pldi17: 15 }),
    golden!("LB2", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("MP", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("MP+rel+acqf", Forbidden, Executions { rc11: 2, sc: 2, pldi17: 2 }),
    golden!("MP+relf+acqf", Forbidden, Executions { rc11: 2, sc: 2, pldi17: 2 }),
    golden!("MP+rels+acqf", Allowed, Executions { rc11: 4, sc: 3, pldi17: 3 }),
    golden!("MPU+rel+acqf", Forbidden, Executions { rc11: 6, sc: 6, pldi17: 6 }),
    golden!("MPU+relf+acqf", Forbidden, Executions { rc11: 6, sc: 6, pldi17: 6 }),
    golden!("MPU+rels+acqf", Allowed, Executions { rc11: 13, sc: 12, pldi17: 12 }),
    golden!("MPU2+rel+acq", Forbidden, Executions { rc11: 14, sc: 14, pldi17: 14 }),
    golden!("MPU2+relf+acq", Forbidden, Executions { rc11: 14, sc: 14, pldi17: 14 }),
    golden!("MPU2+rels+acqf", Allowed, Executions { rc11: 36, sc: 35, pldi17: 35 }),
    golden!("S", Allowed, Executions { rc11: 4, sc: 3, pldi17: 4 }),
    golden!("S+rel+acqf", Forbidden, Executions { rc11: 2, sc: 2, pldi17: 2 }),
    golden!("S+relf+acqf", Forbidden, Executions { rc11: 2, sc: 2, pldi17: 2 }),
    golden!("S+rels+acqf", Allowed, Executions { rc11: 4, sc: 3, pldi17: 3 }),
    golden!("SB", Allowed, Executions { rc11: 4, sc: 3, pldi17: 4 }),
    golden!("SB+4sc", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("SB+assert", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("SB+scfs", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("TC1", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("W+RRR+W", Forbidden, Executions { rc11: 20, sc: 20, pldi17: 20 }),
    golden!("WWmerge1", Forbidden, Executions { rc11: 17, sc: 15, pldi17: 18 }),
    golden!("Z6+acq", Forbidden, Executions { rc11: 7, sc: 7, pldi17: 7 }),
    golden!("Z6.U", Forbidden, Executions { rc11: 22, sc: 18, pldi17: 24 }),
    golden!("casdep", Allowed, Executions { rc11: 2, sc: 2, pldi17: 2 }),
    golden!("ccr", Forbidden, Executions { rc11: 2, sc: 2, pldi17: 2 }),
    golden!("cumul-release", Allowed, Executions { rc11: 8, sc: 7, pldi17: 8 }),
    golden!("detour", Forbidden, Executions { rc11: 9, sc: 9, pldi17: 9 }),
    golden!("fr+w+w+w+reads", Forbidden, Executions { rc11: 210, sc: 210, pldi17: 210 }),
    golden!("inc+inc+RR+W+RR", Forbidden, Executions { rc11: 600, sc: 600, pldi17: 600 }),
    golden!("inc2w", Forbidden, Executions { rc11: 6, sc: 6, pldi17: 6 }),
    golden!("isa2", Forbidden, Executions { rc11: 7, sc: 7, pldi17: 7 }),
    golden!("rel-pporf", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("relacq-B-cumul", Allowed, Executions { rc11: 8, sc: 7, pldi17: 8 }),
    golden!("relseq", Forbidden, Executions { rc11: 20, sc: 16, pldi17: 16 }),
    golden!("rii", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("riwi", Forbidden, Executions { rc11: 3, sc: 3, pldi17: 3 }),
    golden!("small1", Allowed, Executions { rc11: 8, sc: 8, pldi17: 8 }),
    golden!("wrw-3", Allowed, Executions { rc11: 300, sc: 300, pldi17: 300 }),
    golden!("plain/MP+rel+acqf+na", Forbidden, NoRace),
    golden!("plain/MP+relf+acqf+na", Forbidden, NoRace),
    golden!("plain/MP+rels+acqf+na", Allowed, Race),
    golden!("plain/MPU+rel+acqf+na", Forbidden, NoRace),
    golden!("plain/MPU+relf+acqf+na", Forbidden, NoRace),
    golden!("plain/MPU+rels+acqf+na", Allowed, Race),
    golden!("plain/MPU2+rel+acq+na", Forbidden, NoRace),
    golden!("plain/MPU2+relf+acq+na", Forbidden, NoRace),
    golden!("plain/MPU2+rels+acqf+na", Allowed, Race),
    golden!("plain/S+rel+acqf+na", Forbidden, NoRace),
    golden!("plain/S+relf+acqf+na", Forbidden, NoRace),
    golden!("plain/S+rels+acqf+na", Allowed, Race),
];
