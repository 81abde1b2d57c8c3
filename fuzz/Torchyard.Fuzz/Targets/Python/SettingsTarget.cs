using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Settings;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class SettingsTarget : TextTarget
{
    public override string Name => "pip-settings";

    public override string Input => "pip.conf, .netrc and the words of options";

    public override IReadOnlyList<string> Words =>
        [
            "[global]\n",
            "index-url = https://host.example\n",
            "machine host.example login a password b\n",
            "default login a\n",
            "macdef x\n",
            "'",
            "\"",
            "\\\n",
            "; c\n",
            "\n  continued",
        ];

    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    protected override object? Parse(string text)
    {
        ShellWords.TrySplit(text, 0, out var words, out var wrong);
        return (words, wrong, Netrc(text), IniFile.Parse(text));
    }

    private static object Netrc(string text) =>
        NetrcFile.Parse(text).ToDictionary(pair => pair.Key, pair => (pair.Value.User, pair.Value.Password));
}
