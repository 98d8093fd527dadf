//! The learner is the scheduler.

use lesson_support::{Game, Program, SEEN, State, Steps, Verdict};

fn two_counters() -> Game {
    let bare = |name| Steps::of(name).load("n").store("n", SEEN + 1);
    Game::new(&Program::of([bare("Ada"), bare("Bea")]))
}

fn two_locks() -> Game {
    let takes = |name, first, second| {
        Steps::of(name)
            .lock(first)
            .lock(second)
            .unlock(second)
            .unlock(first)
    };
    let ada = takes("Ada", "east", "west");
    let bea = takes("Bea", "west", "east");
    Game::new(&Program::of([ada, bea]))
}

fn play(game: &mut Game, order: &[&str]) -> State {
    for thread in order {
        assert!(game.step(thread).moved, "{game:?}");
    }
    game.state()
}

#[test]
fn a_good_scheduler_gets_the_right_result() {
    let state = play(&mut two_counters(), &["Ada", "Ada", "Bea", "Bea"]);
    assert_eq!(state.verdict, Some(Verdict::Right));
    assert!(
        state
            .to_string()
            .ends_with("the end, after 4 moves: right (n = 2)")
    );
}

#[test]
fn a_bad_scheduler_loses_an_update() {
    let mut game = two_counters();
    let state = play(&mut game, &["Ada", "Bea", "Ada", "Bea"]);
    assert_eq!(state.verdict, Some(Verdict::Wrong));
    assert!(state.is_over());
    assert!(
        state
            .to_string()
            .ends_with("the end, after 4 moves: wrong (n = 1)")
    );
    assert_eq!(game.schedule().letters(), "ABAB");
}

#[test]
fn two_moves_are_enough_for_a_deadlock() {
    let mut game = two_locks();
    let state = play(&mut game, &["Ada", "Bea"]);
    let board = [
        "after 2 moves",
        "  Ada                  Bea",
        "✓ lock east          ✓ lock west",
        "> lock west (waits)  > lock east (waits)",
        "  unlock west          unlock east",
        "  unlock east          unlock west",
        "east: held by Ada, west: held by Bea",
        "the end, after 2 moves: stuck (Ada waits for west, held by Bea; Bea waits for east, held by Ada)",
    ];
    assert_eq!(state.to_string(), board.join("\n"));
}

#[test]
fn the_deadlock_can_be_avoided() {
    let order = ["Ada", "Ada", "Ada", "Ada", "Bea", "Bea", "Bea", "Bea"];
    let state = play(&mut two_locks(), &order);
    assert_eq!(state.verdict, Some(Verdict::Right));
}

#[test]
fn an_impossible_move_changes_nothing_and_says_why() {
    let mut game = two_locks();
    play(&mut game, &["Ada", "Ada", "Ada"]);
    let before = game.state();

    let state = game.step("Dee");
    assert_eq!(state.message, "there is no Dee here, only Ada, Bea");
    assert!(!state.moved);
    play(&mut game, &["Bea"]);
    let state = game.step("Bea");
    assert_eq!(
        state.message,
        "not possible: Bea waits for east, held by Ada"
    );
    assert!(!state.moved);
    game.undo();
    assert_eq!(game.state(), before);

    play(&mut game, &["Ada"]);
    assert_eq!(game.step("Ada").message, "Ada has made all steps");
}

#[test]
fn a_move_can_be_taken_back() {
    let mut game = two_counters();
    let fresh = game.state();
    game.step("Ada");
    let state = game.undo();
    assert_eq!(state.message, "taken back: the last step of Ada");
    assert_eq!(game.state(), fresh);
    assert_eq!(game.undo().message, "nothing to take back");
}

#[test]
fn a_board_survives_json() {
    let mut game = two_locks();
    let state = game.step("Bea");
    let json = serde_json::to_string(&state).expect("plain data");
    assert_eq!(
        serde_json::from_str::<State>(&json).expect("its own form"),
        state
    );
}

#[test]
fn an_empty_game_is_over_at_once() {
    let game = Game::new(&Program::of([Steps::of("Ada")]));
    let state = game.state();
    assert!(state.is_over());
    assert_eq!(state.verdict, Some(Verdict::Right));
    assert!(state.to_string().contains("nothing shared"), "{state}");
}
