//! Processes that are killed at any point: what they leave is whole, and the same command then finishes.
//!
//! Each of `setup`, `prove` and `ceremony contribute` is killed `ZKML_KILLS` times, 12 without: spread over the time that it takes.

use std::{fs, process::Stdio, thread, time::Instant};

use zkml::prove::{Fr, Powers};
use zkml_groth16::iden3::write_ptau;

use crate::world::World;

fn count() -> u32 {
    std::env::var("ZKML_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(12)
}

/// Kills a command again and again, later each time, and lets `whole` look at what it left; then it must finish.
fn killed(world: &World, arguments: &[&str], made: &[&str], whole: impl Fn(&World)) {
    let start = Instant::now();
    world.passes(arguments);
    let takes = start.elapsed();
    let remove = || made.iter().for_each(|name| drop(fs::remove_file(world.path(name))));
    for number in 0..count() {
        remove();
        let mut running = world.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(takes * (number + 1) / count());
        let _ = running.kill();
        running.wait().unwrap();
        whole(world);
        remove();
        world.passes(arguments);
        whole(world);
    }
    let mut folders = vec![world.folder.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(path.extension().is_none_or(|e| e != "tmp"), "{} is left", path.display());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
}

#[test]
fn setup_leaves_keys_that_belong_together_or_is_run_again() {
    let world = World::small_public();
    // There may be one key, or none: never a part of one, nor two of different setups.
    killed(&world, &["setup", "--force"], &[], |world| {
        if ["zkml/proving.key", "zkml/verifying.key"].iter().all(|name| world.path(name).exists()) {
            world.passes(&["prove", "input.csv"]);
            world.passes(&["verify"]);
        }
    });
}

#[test]
fn setup_goes_on_where_one_key_is_left() {
    let world = World::small_public();
    for lost in ["zkml/proving.key", "zkml/verifying.key"] {
        fs::remove_file(world.path(lost)).unwrap();
        world.passes(&["setup"]);
        world.passes(&["prove", "input.csv"]);
    }
}

#[test]
fn prove_leaves_whole_proofs() {
    let world = World::small_public();
    killed(&world, &["prove", "input.csv"], &[], |world| {
        for entry in fs::read_dir(world.path("zkml/proofs")).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "proof") {
                world.passes(&["verify", path.to_str().unwrap()]);
            }
        }
    });
}

#[test]
fn contributions_are_whole_or_not_there() {
    let world = World::small_public();
    world.write("powers.ptau", &write_ptau(&Powers::known([5u64, 6, 7].map(Fr::from), 1 << 8)).unwrap());
    world.passes(&["ceremony", "new", "--ptau", "powers.ptau"]);
    let state = fs::read(world.path("zkml/ceremony.zkml")).unwrap();
    killed(
        &world,
        &["ceremony", "contribute", "--name", "first", "--out", "first.zkml", "--unverified"],
        &["first.zkml"],
        |world| {
            assert_eq!(fs::read(world.path("zkml/ceremony.zkml")).unwrap(), state);
            if world.path("first.zkml").exists() {
                world.passes(&["ceremony", "accept", "first.zkml"]);
                fs::write(world.path("zkml/ceremony.zkml"), &state).unwrap();
            }
        },
    );
}
