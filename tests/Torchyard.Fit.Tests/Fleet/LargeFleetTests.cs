using System.Diagnostics;
using System.Globalization;
using System.Text;
using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Platform.Errors;

namespace Torchyard.Fit.Tests.Fleet;

public sealed class LargeFleetTests
{
    private static readonly FitTables Tables = FitTables.Default;
    private static readonly string[] Models = ["h100", "a100", "l40s", "gh200", "b200", "rtx-4090"];
    private static readonly string[] Drivers = ["535.183.01", "550.54.15", "570.124.06", "580.95.05"];

    [Fact]
    public void Equal_machines_are_judged_once_and_all_are_named()
    {
        var machines = Parse(Fleet(10_000));
        Assert.Equal(10_000, machines.Count);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        var report = new FitEngine(Tables).Resolve(new FitRequest(), machines);
        Assert.True(report.ServesAll);
        var kinds = report.Stacks.SelectMany(stack => stack.Machines).ToArray();
        // A B200 knows no driver before 570, so not every pair is a kind that has a stack.
        Assert.InRange(kinds.Length, 10, Models.Length * Drivers.Length);
        Assert.Equal(10_000, kinds.Sum(kind => 1 + kind.Target.Alike.Count));
        Assert.Equal(10_000, kinds.SelectMany(kind => kind.Target.Alike.Prepend(kind.Target.Name)).Distinct().Count());
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200_000_000, "more than 200 MB were needed");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"it took {watch.Elapsed}");
    }

    [Fact]
    public void A_kind_says_how_many_machines_it_has()
    {
        var kind = Assert.Single(
            FitTarget.Kinds(
                Parse(
                    string.Concat(
                        Enumerable.Range(0, 3).Select(i => $"[[machine]]\nname = \"n{i}\"\ngpus = [\"h100\"]\ndriver = \"570\"\n")
                    )
                )
            )
        );
        Assert.Equal("n0 and 2 others like it", kind.Title);
        Assert.Equal(["n1", "n2"], kind.Alike);
    }

    [Fact]
    public void A_name_that_is_given_twice_is_told() =>
        Assert.Equal(
            "the fleet file names the machine n 2 times",
            Assert.Single(FleetFile.Notes(Parse("[[machine]]\nname = \"n\"\n[[machine]]\nname = \"n\"\ngpus = [\"h100\"]\n")))
        );

    [Fact]
    public void A_file_that_is_not_UTF_8_is_the_users_fault()
    {
        var error = Assert.Throws<TorchyardException>(() => FleetFile.Parse([(byte)'#', 0xff, 0xfe], "fleet.toml", Tables));
        Assert.Equal(("TY5201", true), (error.Code, error.IsUsage));
    }

    [Fact]
    public void A_fleet_file_and_a_machine_of_the_command_line_are_not_both_taken()
    {
        var fleet = Parse("[[machine]]\ngpus = [\"h100\"]\n");
        foreach (var question in (FitQuestion[])[new() { Gpus = ["a100"] }, new() { Driver = "570" }, new() { Architecture = "arm64" }])
        {
            var error = Assert.Throws<TorchyardException>(() =>
                question.Read(new MachineGpus(null, null, [], []), "here", "x86_64", fleet, Tables)
            );
            Assert.Equal(("TY5204", true), (error.Code, error.IsUsage));
        }
    }

    [Fact]
    public void Each_machine_that_stands_in_the_way_is_told_the_oldest_driver_that_helps()
    {
        var report = new FitEngine(Tables).Resolve(
            new FitRequest { Torch = Packages(">=2.11,<2.12"), Build = "cu130" },
            Parse(
                """
                [[machine]]
                name = "good"
                gpus = ["h100"]
                driver = "580.95.05"
                [[machine]]
                name = "old"
                gpus = ["rtx-3090"]
                driver = "550.54.15"
                [[machine]]
                name = "pascal"
                gpus = ["p100"]
                driver = "535.183.01"
                """
            )
        );
        var answer = FitAnswer.Of(report, Tables);
        Assert.Equal(["old", "pascal"], answer.Drivers.Select(help => help.Machine));
        Assert.Equal("580", answer.Drivers[0].Driver);
        Assert.Null(answer.Drivers[1].Driver);
    }

    [Fact]
    public void The_oldest_driver_is_the_minimum_of_the_family_where_that_is_enough()
    {
        var report = new FitEngine(Tables).Resolve(
            new FitRequest { Build = "cu128" },
            Parse("[[machine]]\nname = \"old\"\ngpus = [\"rtx-3090\"]\ndriver = \"515.105.01\"\n")
        );
        Assert.Equal("525.60.13", FitAnswer.Of(report, Tables).DriverThatFits);
    }

    [Theory]
    [InlineData("v100", "590.48.01", "cu126", "branch 580 is the last that supports V100", 580)]
    [InlineData("v100", "515.105.01", "cu126", "with driver 525.60.13 or newer, up to branch 580", 580)]
    public void An_upgrade_past_the_last_branch_of_a_GPU_is_said(string gpu, string driver, string build, string words, int last)
    {
        var report = new FitEngine(Tables).Resolve(
            new FitRequest { Build = build },
            Parse($"[[machine]]\ngpus = [\"{gpu}\"]\ndriver = \"{driver}\"\n")
        );
        var help = Assert.Single(FitAnswer.Of(report, Tables).Drivers);
        Assert.Contains(words, help.Advice, StringComparison.Ordinal);
        Assert.Equal(last, help.LastBranch);
    }

    private static Torchyard.Packages.Python.Versions.VersionSpecifierSet Packages(string text) =>
        Torchyard.Packages.Python.Versions.VersionSpecifierSet.Parse(text);

    private static IReadOnlyList<FitTarget> Parse(string toml) => FleetFile.Parse(Encoding.UTF8.GetBytes(toml), "fleet.toml", Tables);

    private static string Fleet(int machines)
    {
        var text = new StringBuilder();
        for (var i = 0; i < machines; i++)
        {
            var model = Models[i % Models.Length];
            var driver = model == "b200" ? Drivers[2 + (i / Models.Length % 2)] : Drivers[i / Models.Length % Drivers.Length];
            text.Append(CultureInfo.InvariantCulture, $"[[machine]]\nname = \"node-{i}\"\ngpus = [\"{model}\"]\ndriver = \"{driver}\"\n");
        }

        return text.ToString();
    }
}
