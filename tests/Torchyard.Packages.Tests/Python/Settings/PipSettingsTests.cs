using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Python.Settings;

public sealed class PipSettingsTests
{
    [Fact]
    public void Files_of_all_places_and_variables_count_in_pips_order()
    {
        using var root = new TemporaryDirectory();
        root.Write(
            "etc/pip.conf",
            "[global]\nindex-url = https://global/simple\ntimeout = 60\nextra-index-url =\n    https://a/simple\n    https://b/simple\n"
        );
        root.Write("home/.config/pip/pip.conf", "# mine\n[global]\nindex_url: https://user/simple\n[install]\ntrusted-host = pypi.lan\n");
        root.Write("named.conf", "[global]\nretries = 2\n");
        var variables = new Dictionary<string, string>
        {
            ["PIP_CONFIG_FILE"] = Path.Combine(root.Path, "named.conf"),
            ["PIP_TIMEOUT"] = "7",
            ["XDG_CONFIG_DIRS"] = "/nowhere",
        };

        var settings = PipSettings.Read(variables.GetValueOrDefault, Path.Combine(root.Path, "home"), root.Path);

        Assert.Equal("https://user/simple", settings.IndexUrl);
        Assert.Equal(["https://a/simple", "https://b/simple"], settings.ExtraIndexUrls);
        Assert.Equal(["pypi.lan"], settings.TrustedHosts);
        Assert.Equal(7, settings.Timeout);
        Assert.Equal(2, settings.Retries);
        Assert.Equal(3, settings.Files.Count);
    }

    [Fact]
    public void The_commands_section_beats_global_whichever_file_it_is_from()
    {
        using var root = new TemporaryDirectory();
        root.Write("etc/pip.conf", "[install]\nindex-url = https://install/simple\n");
        root.Write("home/.config/pip/pip.conf", "[global]\nindex-url = https://user/simple\n");
        Assert.Equal("https://install/simple", PipSettings.Read(_ => null, Path.Combine(root.Path, "home"), root.Path).IndexUrl);
    }

    [Fact]
    public void Dev_null_switches_all_files_off()
    {
        using var root = new TemporaryDirectory();
        root.Write("etc/pip.conf", "[global]\nindex-url = https://global/simple\n");
        Assert.Null(PipSettings.Read(n => n == "PIP_CONFIG_FILE" ? "/dev/null" : null, root.Path, root.Path).IndexUrl);
    }

    [Fact]
    public void A_broken_file_is_named_with_its_line()
    {
        using var root = new TemporaryDirectory();
        root.Write("etc/pip.conf", "[global]\nindex-url\n");
        var error = Assert.Throws<TorchyardException>(() => PipSettings.Read(_ => null, root.Path, root.Path));
        Assert.Equal("TY2518", error.Code);
        Assert.Contains("line 2", error.Message, StringComparison.Ordinal);
    }
}
