import pytest
from transitions import MachineError

from workflow.aggregates.moves import MACHINE, Move, State, destination, possible
from workflow.errors import Refused


class Model:
    state = ""


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_the_compiled_table_equals_the_machine(state: State, move: Move) -> None:
    model = Model()
    MACHINE.add_model(model, initial=state.value)
    try:
        getattr(model, move.value)()
        assert destination(state, move).value == model.state
        assert move in possible(state)
    except MachineError:
        with pytest.raises(Refused) as refusal:
            destination(state, move)
        assert refusal.value.possible == tuple(m.value for m in possible(state))
        assert move not in possible(state)
    finally:
        MACHINE.remove_model(model)


def test_a_refused_move_says_which_moves_are_possible() -> None:
    with pytest.raises(Refused, match="in onboarding cannot stagnate; it can: complete_onboarding, close"):
        destination(State.ONBOARDING, Move.STAGNATE)


def test_closure_is_final() -> None:
    assert possible(State.CLOSURE) == ()
