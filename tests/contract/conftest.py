"""Helpers of the contract's tests explain their failed asserts as tests do."""

import pytest

pytest.register_assert_rewrite("tests.contract.journey")
