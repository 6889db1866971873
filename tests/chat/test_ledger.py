"""Tokens, prices and budgets."""

import math
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.chat.money.ledger import (
    TOKENS,
    Budget,
    Price,
    Prices,
    cost_of,
    money_text,
    normalise_usage,
    sum_usage,
)
from skulens.chat.money.prices import SHIPPED, read_prices
from skulens.errors import ChatError, DataError
from skulens.protocols import Reply


def usage(input_=0, cached=0, output=0, reasoning=0, image=0):
    return dict(zip(TOKENS, (input_, cached, output, reasoning, image), strict=True))


# ----- what providers report -------------------------------------------------------------------

REPORTED = {
    "openai": (
        {
            "prompt_tokens": 2006,
            "completion_tokens": 300,
            "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 128, "audio_tokens": 0},
        },
        usage(2006, 1920, 300, 128),
    ),
    "vllm without details": (
        {"prompt_tokens": 7, "total_tokens": 9, "completion_tokens": 2,
         "prompt_tokens_details": None},
        usage(7, output=2),
    ),
    "image tokens": (
        {"prompt_tokens": 900, "completion_tokens": 5,
         "prompt_tokens_details": {"text_tokens": 100, "image_tokens": 800}},
        usage(900, output=5, image=800),
    ),
    "newer names": (
        {"input_tokens": 11, "output_tokens": 3, "input_tokens_details": {"cached_tokens": 4},
         "output_tokens_details": {"reasoning_tokens": 2}},
        usage(11, 4, 3, 2),
    ),
    "deepseek's cache": (
        {"prompt_tokens": 10, "completion_tokens": 1, "prompt_cache_hit_tokens": 6},
        usage(10, 6, 1),
    ),
    "reasoning beside the completion, as the total shows": (
        {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 130,
         "completion_tokens_details": {"reasoning_tokens": 100}},
        usage(10, output=120, reasoning=100),
    ),
    "reasoning beside a shorter completion, no total": (
        {"prompt_tokens": 10, "completion_tokens": 20,
         "completion_tokens_details": {"reasoning_tokens": 100}},
        usage(10, output=120, reasoning=100),
    ),
    "sglang's reasoning": (
        {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30, "reasoning_tokens": 5},
        usage(10, output=20, reasoning=5),
    ),
    "only a total beside the prompt": (
        {"prompt_tokens": 10, "total_tokens": 30}, usage(10, output=20)
    ),
    "numbers as text": ({"prompt_tokens": "12", "completion_tokens": "3.0"}, usage(12, output=3)),
    "negative": ({"prompt_tokens": -5, "completion_tokens": 3}, usage(0, output=3)),
    "more cached than sent": (
        {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 9}},
        usage(5, 5, 1),
    ),
    "none": (None, {}),
    "empty": ({}, {}),
    "text": ("many", {}),
    "a list": ([1, 2], {}),
    "nothing but nonsense": (
        {"prompt_tokens": "many", "completion_tokens": math.nan, "total_tokens": True}, {}
    ),
    "infinite": ({"prompt_tokens": math.inf, "completion_tokens": 10**30}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), REPORTED.values(), ids=REPORTED)
def test_usage_of_providers(raw, expected):
    assert normalise_usage(raw) == expected


def test_the_object_of_the_openai_package():
    types = pytest.importorskip("openai.types")
    raw = types.CompletionUsage.model_validate(REPORTED["openai"][0])
    assert normalise_usage(raw) == REPORTED["openai"][1]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "prompt_tokens",
                    "completion_tokens",
                    "total_tokens",
                    "prompt_tokens_details",
                    "completion_tokens_details",
                    "cached_tokens",
                    "reasoning_tokens",
                    "image_tokens",
                ]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(ANY)
@settings(max_examples=300, deadline=None)
def test_whatever_is_reported_gives_counts_that_fit_together(raw):
    found = normalise_usage(raw)
    assert list(found) in ([], list(TOKENS))
    if found:
        assert all(type(n) is int and 0 <= n < 2**62 for n in found.values())
        assert found["cached_tokens"] <= found["input_tokens"]
        assert found["image_tokens"] <= found["input_tokens"]
        assert found["reasoning_tokens"] <= found["output_tokens"]


def test_the_sum_of_attempts_is_unknown_only_where_all_are():
    assert sum_usage([]) == sum_usage([{}, {}]) == {}
    assert sum_usage([usage(1, output=2), {}, usage(3, 1, 4)]) == usage(4, 1, 6)


# ----- prices ----------------------------------------------------------------------------------


def write(tmp_path, text, name="own.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_table_is_sound():
    rows = read_prices(SHIPPED)
    assert rows and all(row.as_of and "to be checked" in row.source for row in rows)
    for row in rows:
        assert row.cached_input < row.input < row.output
        # A pattern that matches more than it names would price models it knows nothing about.
        assert "*" not in row.model


def test_shipped_prices_are_those_published():
    mini = Prices.read().find("openai:gpt-4o-mini")
    assert (mini.input, mini.cached_input, mini.output, mini.currency) == (0.15, 0.075, 0.6, "USD")


def test_an_unknown_model_has_no_price_and_no_cost():
    prices = Prices.read()
    for name in ("openai:gpt-4o-audio-preview", "Qwen/Qwen2.5-VL-7B-Instruct", "", "gpt-4"):
        assert prices.find(name) is None
        assert cost_of(usage(1000, output=10), prices, name) is None


def test_rows_of_the_user_win(tmp_path, monkeypatch):
    path = write(tmp_path, "model,input,output,currency\ngpt-4o*,1,2,EUR\n")
    assert Prices.read(path).find("gpt-4o-mini") == Price("gpt-4o*", 1, None, 2, currency="EUR")
    assert Prices.read(path).find("gpt-4.1").currency == "USD"
    assert Prices.read().find("gpt-4o-mini").input == 0.15
    monkeypatch.setenv("SKULENS_PRICES", str(path))
    assert Prices.read().find("gpt-4o-mini").input == 1
    other = write(tmp_path, "model,input,output\ngpt-4o-mini,7,8\n", "other.csv")
    assert Prices.read(other).find("gpt-4o-mini").input == 7
    monkeypatch.setenv("SKULENS_PRICES", "")
    assert Prices.read().find("gpt-4o-mini").input == 0.15


def test_the_first_row_that_matches_counts(tmp_path):
    path = write(tmp_path, "model,input,output\nqwen-7b,1,1\nqwen*,2,2\n*,3,3\n")
    prices = Prices.read(path)
    found = [prices.find(n).input for n in ("openai:qwen-7b", "qwen-72b", "gpt-4o")]
    assert found == [1, 2, 3]


def test_notes_blank_lines_and_a_byte_order_mark_are_no_rows(tmp_path):
    path = write(tmp_path, "\ufeff# mine\n\nmodel, per_hour\n  # a note\nbig-*, 2.5\n,\n")
    rows = read_prices(path)
    assert rows == (Price("big-*", per_hour=2.5),)


BAD = {
    "a word": ("model,input,output\na,1,2\nb,one,2\n", "line 3: input is 'one'"),
    "a comma": ("model,input,output\na,1,2,50\n", "line 2: 4 cells, expected 3"),
    "negative": ("model,input,output\na,-1,2\n", "line 2: input is '-1'"),
    "not a number": ("model,input,output\na,nan,2\n", "line 2: input is 'nan'"),
    "infinite": ("model,input,output\na,1,inf\n", "line 2: output is 'inf'"),
    "per token": ("model,input,output\na,1,1e9\n", "line 2: output is '1e9'"),
    "no output": ("# note\nmodel,input,output\na,1,\n", "line 3: 'a' lacks the price of output"),
    "no input": ("model,input,output\na,,1\n", "line 2: 'a' lacks the price of input"),
    "nothing": ("model,input,output,per_hour\na,,,\n", "line 2: 'a' has no price"),
    "cached alone": ("model,cached_input\na,1\n", "line 2: 'a' lacks the prices of input and"),
    "twice": ("model,per_hour\na,1\nb,1\na,2\n", "line 4: 'a' has a price already, in line 2"),
    "no model": ("model,per_hour\n,1\n", "line 2: no model"),
    "unknown column": ("model,ouput\na,1\n", "line 1: unknown column 'ouput'"),
    "column twice": ("model,input,input\na,1,1\n", "line 1: column 'input' twice"),
    "no model column": ("input,output\n1,1\n", "line 1: no column 'model'"),
    "semicolons": ("model;input;output\na;1;2\n", "line 1: unknown column 'model;input;output'"),
    "open quote": ('model,per_hour\n"a,1\n', "line 2: not CSV"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_a_bad_table_is_named_by_its_line(tmp_path, text, said):
    path = write(tmp_path, text)
    with pytest.raises(DataError) as e:
        Prices.read(path)
    assert f"{path} {said}" in str(e.value)


def test_a_table_that_is_no_text_or_not_there(tmp_path):
    with pytest.raises(DataError, match="there is no price table"):
        Prices.read(tmp_path / "missing.csv")
    with pytest.raises(DataError, match="cannot be read"):
        Prices.read(tmp_path)
    path = tmp_path / "binary.csv"
    path.write_bytes(b"model,\xff\xfe")
    with pytest.raises(DataError, match="cannot be read as UTF-8"):
        Prices.read(path)


# ----- cost ------------------------------------------------------------------------------------

ALL = Prices((Price("m", 10.0, 1.0, 100.0, 20.0), Price("plain", 10.0, None, 100.0),
              Price("free", 10.0, 0.0, 100.0, 0.0), Price("own", per_hour=3.6), Price("both", 10.0, None, 100.0, per_hour=3.6)))  # fmt: skip


@pytest.mark.parametrize(
    ("tokens", "model", "money"),
    [
        (usage(1_000_000), "m", 10.0),
        (usage(1_000_000, 1_000_000), "m", 1.0),
        (usage(1_000_000, 400_000), "m", 0.4 + 6.0),
        (usage(1_000_000, 400_000), "plain", 10.0),
        (usage(0, 0, 1_000_000, 900_000), "m", 100.0),
        (usage(1_000_000, 0, 0, 0, 250_000), "m", 5.0 + 7.5),
        (usage(1_000_000, 0, 0, 0, 250_000), "plain", 10.0),
        # All but 200,000 tokens are cached: no more than these can be fresh image tokens.
        (usage(1_000_000, 800_000, 0, 0, 1_000_000), "m", 0.8 + 4.0),
        (usage(1_000_000), "own", 7.2),
        (usage(1_000_000, 400_000, 0, 0, 100_000), "free", 5.0),
        ({}, "own", 7.2),
        (usage(1_000_000), "both", 17.2),
        ({}, "both", None),
        ({}, "m", None),
        (usage(5), "unknown", None),
    ],
)
def test_cost_of(tokens, model, money):
    found = cost_of(tokens, ALL, model, hours=2.0)
    assert found == (None if money is None else pytest.approx(money))


def test_money_is_printed_with_the_digits_it_needs():
    assert [money_text(x) for x in (0, 1234.5, 0.42, 0.00131, 0.0000042)] == [
        "0", "1,234.50", "0.42", "0.0013", "4.2e-06",
    ]  # fmt: skip


# ----- budgets ---------------------------------------------------------------------------------


def reply(tokens=100, **more):
    return Reply("a", "text", usage=usage(tokens), **more)


def test_a_budget_in_tokens_stops_at_its_limit():
    budget = Budget(tokens=250)
    asked = 0
    while budget.left():
        budget.started()
        budget.note(reply())
        asked += 1
    assert asked == 3
    assert "300 of 250 tokens" in budget.about()


def test_questions_in_flight_are_reserved():
    budget = Budget(tokens=1000)
    for _ in range(2):
        budget.started()
        budget.note(reply())
    for _ in range(7):
        assert budget.left()
        budget.started()
    budget.started()  # 200 spent, 8 in flight at 100 each
    assert not budget.left()
    assert "8 questions are on their way" in budget.about()
    budget.note(reply(0))  # this one was cheap: 200 spent by 3, 7 in flight at 67 each
    assert budget.left()


@given(st.integers(1, 64), st.integers(1, 500), st.integers(100, 20_000))
@settings(max_examples=50, deadline=None)
def test_spent_stays_within_the_first_wave_of_the_limit(concurrency, tokens, limit):
    budget, waiting = Budget(tokens=limit), 0
    while True:
        while waiting < concurrency and budget.left():
            budget.started()
            waiting += 1
        if not waiting:
            break
        waiting -= 1
        budget.note(reply(tokens))
    most = max(limit + tokens, concurrency * tokens)  # the first wave goes out without a mean
    assert limit <= budget.spent_tokens <= most


def test_without_started_nothing_is_reserved_and_nothing_breaks():
    budget = Budget(tokens=1000)
    for _ in range(9):
        budget.note(reply())
    assert budget.left() and budget.in_flight == 0
    budget.note(reply())
    assert not budget.left()


def test_replies_of_the_store_cost_nothing():
    budget = Budget(tokens=100)
    budget.started()
    budget.note(reply(cached=True))
    assert budget.left() and budget.spent_tokens == 0 and budget.in_flight == 1


def test_failures_that_took_tokens_count():
    budget = Budget(tokens=100)
    budget.note(reply(100, error="truncated"))
    assert not budget.left()


def test_a_budget_in_money():
    budget = Budget(money=0.002, prices=ALL, model="openai:m")
    budget.note(reply(100))
    assert budget.left()
    budget.note(reply(100))
    assert not budget.left()
    assert budget.about().startswith("0.002 of 0.002 USD are spent")


def test_a_budget_for_a_machine_paid_by_the_hour_runs_by_the_clock():
    now = [0.0]
    budget = Budget(money=1.8, prices=ALL, model="own", clock=lambda: now[0])
    now[0] = 5000.0
    assert budget.left()  # nothing was asked yet
    budget.started()
    now[0] += 1799
    budget.note(Reply("a", "text"))  # no tokens are needed for it
    assert budget.left()
    now[0] += 2
    assert not budget.left()
    assert "1.80 of 1.80 USD" in budget.about()


def test_money_without_a_price_is_refused_at_the_door():
    with pytest.raises(ChatError) as e:
        Budget(money=5, prices=Prices.read(), model="openai:Qwen/Qwen2.5-VL-7B-Instruct")
    assert "needs a price" in str(e.value) and "--prices FILE" in str(e.value)
    assert "Qwen/Qwen2.5-VL-7B-Instruct,INPUT" in str(e.value)


@pytest.mark.parametrize("bad", [{"tokens": 0}, {"tokens": -1}, {"money": 0}, {"money": math.nan}])
def test_a_budget_of_nothing_is_refused(bad):
    with pytest.raises(ChatError, match="expected more than 0"):
        Budget(**bad, prices=ALL, model="m")


def test_a_server_that_counts_no_tokens_cannot_be_kept_to_a_budget():
    budget = Budget(tokens=1_000_000)
    budget.note(Reply("a", error="transport"))  # says nothing of the server's answers
    assert budget.left()
    budget.note(Reply("a", "text"))
    assert not budget.left()
    assert "does not say how many tokens" in budget.about()


def test_an_answer_without_a_count_costs_what_others_do():
    budget = Budget(tokens=201)
    budget.note(reply(100))
    budget.note(Reply("a", "text"))
    assert budget.left()  # 100 + 100
    budget.note(Reply("a", "text"))
    assert not budget.left()


def test_no_limit_at_all():
    budget = Budget()
    budget.note(reply(10**9))
    assert budget.left() and "without a limit" in budget.about()


def test_a_budget_counts_in_threads():
    budget = Budget(tokens=10**9)

    def ask():
        for _ in range(500):
            budget.started()
            budget.left()
            budget.note(reply(3))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (budget.spent_tokens, budget.in_flight) == (12_000, 0)
