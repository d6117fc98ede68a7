import commands


def test_without_the_cli_one_line_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commands.main(["drift"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("switchyard drift: the Pulumi CLI is not on PATH")
    assert err.count("\n") == 1
