//! Processes on the same files, and processes that are killed.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    process::Stdio,
    thread,
    time::Duration,
};

use crate::world::World;

#[test]
fn a_second_process_waits_or_says_so() {
    let world = World::ready();
    let lock = File::create(world.path("zkml/.lock")).unwrap();
    lock.lock().unwrap();
    let error = world.fails(9, &["prove", "test.csv", "--no-wait"]);
    assert!(error.contains("another zkml is at work on zkml; wait for it"), "{error}");
    let mut waiting =
        world.command(&["prove", "test.csv"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut note = String::new();
    BufReader::new(waiting.stderr.take().unwrap()).read_line(&mut note).unwrap();
    assert!(note.contains("at work on zkml: waiting for it"), "{note}");
    thread::sleep(Duration::from_millis(300));
    assert!(waiting.try_wait().unwrap().is_none(), "it does not wait");
    assert!(!world.path("zkml/proofs").exists());
    lock.unlock().unwrap();
    assert!(waiting.wait().unwrap().success());
    // What only reads asks for no lock.
    lock.lock().unwrap();
    world.passes(&["verify", "--no-wait"]);
}

#[test]
fn a_killed_process_leaves_whole_files_and_the_next_goes_on() {
    let world = World::ready();
    world.write("test.csv", world.text("samples.csv").as_bytes());
    for milliseconds in [40, 400, 900, 1500] {
        let mut running = world.command(&["accuracy"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(milliseconds));
        running.kill().unwrap();
        running.wait().unwrap();
        let folder = world.path("zkml/accuracy");
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let hidden = path.file_name().unwrap().to_string_lossy().starts_with('.');
            if !hidden && path.extension().is_some_and(|e| e == "proof") {
                world.passes(&["verify", path.to_str().unwrap()]);
            }
        }
    }
    let before = fs::read_dir(world.path("zkml/accuracy")).into_iter().flatten().count();
    let value = world.json(&["accuracy"]);
    assert_eq!(value["inputs"], 20);
    // Beside the proofs there are the journal and what was not finished; one proof may not have been in the journal yet.
    let proved_before = value["proved_before"].as_u64().unwrap() as usize;
    assert!(proved_before + 3 >= before, "{proved_before} of {before}");
    let names = fs::read_dir(world.path("zkml/accuracy")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().ends_with(".tmp")));
    assert_eq!(world.json(&["accuracy"])["proved_before"], 20);
}
