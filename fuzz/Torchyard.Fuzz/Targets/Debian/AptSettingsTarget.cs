using Torchyard.Packages.Debian.Apt;

namespace Torchyard.Fuzz.Targets.Debian;

internal sealed class AptSettingsTarget : TextTarget
{
    public override string Name => "apt-settings";

    public override string Input => "apt's configuration, sources and credentials on this machine";

    public override IReadOnlyList<string> Words =>
        [
            "deb [signed-by=/a] http://archive.example trixie main\n",
            "Types: deb\nURIs: http://a\nSuites: b\nComponents: c\n\n",
            "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n",
            "Acquire::http::Proxy \"http://p\";\n",
            "Acquire { http { Proxy \"x\"; }; };\n",
            "#clear",
            "//",
            "/*",
            "*/",
            "machine a login b password c\n",
        ];

    protected override object? Parse(string text)
    {
        var configuration = new AptConfiguration();
        configuration.Read(text, "/etc/apt/apt.conf");
        var credentials = new AptCredentials();
        credentials.Read(text);
        return (
            configuration.List("Acquire"),
            configuration["Acquire::http::Proxy"],
            AptSourcesReader.ReadSources(text, "x.sources"),
            AptSourcesReader.ReadList(text, "x.list")
        );
    }
}
