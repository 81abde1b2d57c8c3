using System.Globalization;
using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Trees;

namespace Torchyard.EndToEnd.Peers;

/// <summary>
/// File by file, the root of an image is the one that mmdebstrap makes of the same packages, but for the differences in
/// mmdebstrap-differences.txt, each of which has its reason there.
/// </summary>
public sealed partial class MmdebstrapTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("minimal")]
    [InlineData("cpu")]
    public async Task The_root_is_the_one_that_mmdebstrap_makes(string preset)
    {
        Requires.Root("owners of files and overlayfs need root");
        Assert.SkipWhen(
            preset == "cpu" && System.Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") is null,
            "takes minutes; TORCHYARD_TEST_LONG=1 runs it"
        );
        var mmdebstrap = HostProgram.Require("mmdebstrap");
        var allowed = AllowedDifferences.Read(Path.Combine(AppContext.BaseDirectory, "Peers/mmdebstrap-differences.txt"));
        await using var store = await TestStore.RequireAsync(Cancellation);
        await PresetLayers.LinkAsync("minimal", store, Cancellation);
        var project = store.NewProject("mmdebstrap");
        (await store.RunAsync(project, ["init", preset], Cancellation)).Succeeded();
        var digest = await store.BuildAsync(project, Cancellation);
        var locked = await File.ReadAllTextAsync(Path.Combine(project, "torchyard.lock"), Cancellation);
        var theirs = Path.Combine(store.Root, "reference");
        var began = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

        var made = await HostProgram.RunAsync(
            mmdebstrap,
            ["--quiet", "--variant=essential", "--include=" + Packages(locked), SuiteOf(locked), theirs, .. Archives(locked)],
            Cancellation,
            environment: new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = Epoch().Match(locked).Groups["seconds"].Value },
            patience: TimeSpan.FromMinutes(10)
        );

        made.Succeeded();
        using var mounted = MountedImage.Mount(store, digest);
        var left = await FileTree.ReadAsync(theirs, Cancellation);
        var right = await FileTree.ReadAsync(mounted.Root, Cancellation);
        Assert.True(left.Count > 5000, $"{left.Count} entries");
        // Directories have the time of the last change in them, and so have files that scripts made: the time of the build, there. Every
        // file out of a package must have the package's time.
        var unexplained = left.DifferencesTo(right)
            .Where(difference =>
                difference.What != "time" || (left.TimeOf(difference.Path) < began - 5 && !left.IsDirectory(difference.Path))
            )
            .Where(difference => !allowed.Has(difference))
            .ToList();

        Assert.True(
            unexplained.Count == 0,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{unexplained.Count} differences without a reason:\n{string.Join('\n', unexplained.Take(100))}"
            )
        );
        if (preset == "cpu")
        {
            Assert.Empty(allowed.Unused);
        }
    }

    private static string Packages(string locked) =>
        string.Join(',', LockedPackage().Matches(locked).Select(match => $"{match.Groups["name"].Value}={match.Groups["version"].Value}"));

    private static string SuiteOf(string locked) => ArchiveRow().Match(locked).Groups["suite"].Value;

    private static IEnumerable<string> Archives(string locked) =>
        ArchiveRow().Matches(locked).Select(match => $"deb {match.Groups["uri"].Value} {match.Groups["suite"].Value} main");

    [GeneratedRegex(
        """\[\[package\]\]\nname = "(?<name>[^"]+)"\n(?:[a-z0-9-]+ = .*\n)*?version = "(?<version>[^"]+)"\n""",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex LockedPackage();

    [GeneratedRegex("""\[\[archive\]\]\nid = .*\nuri = "(?<uri>[^"]+)"\nsuite = "(?<suite>[^"]+)"\n""", RegexOptions.ExplicitCapture)]
    private static partial Regex ArchiveRow();

    [GeneratedRegex("^source-date-epoch = (?<seconds>[0-9]+)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline)]
    private static partial Regex Epoch();
}
