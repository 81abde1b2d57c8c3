using System.Text.Json;
using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Platform.Errors;
using Torchyard.Testing.Golden;

namespace Torchyard.Fit.Tests.Answer;

/// <summary>Whole answers as people and programs get them.</summary>
public sealed class FitAnswerTests
{
    private static readonly FitTables Tables = FitTables.Default;
    private static readonly MachineGpus Bare = new(null, null, [], []);

    public static TheoryData<string, FitQuestion> Questions() =>
        new()
        {
            {
                "h100-535",
                new FitQuestion { Gpus = ["h100"], Driver = "535.183.01" }
            },
            {
                "a100-580",
                new FitQuestion
                {
                    Gpus = ["a100"],
                    Driver = "580.95.05",
                    Torch = "2.9",
                }
            },
            {
                "a100-535-torch-2.11-cu130",
                new FitQuestion
                {
                    Gpus = ["a100"],
                    Driver = "535.183.01",
                    Torch = "2.11",
                    Build = "cu130",
                }
            },
            {
                "rtx-3090-560-torch-2.12-cu130",
                new FitQuestion
                {
                    Gpus = ["rtx-3090"],
                    Driver = "560.35.05",
                    Torch = "2.12",
                    Build = "cu130",
                }
            },
            {
                "b200-570.124",
                new FitQuestion { Gpus = ["b200"], Driver = "570.124.06" }
            },
            {
                "v100-590",
                new FitQuestion { Gpus = ["v100"], Driver = "590.48.01" }
            },
            {
                "a100-fp8",
                new FitQuestion
                {
                    Gpus = ["a100"],
                    Driver = "580.95.05",
                    Precisions = ["fp8"],
                }
            },
            {
                "cpu",
                new FitQuestion { Gpus = ["none"] }
            },
            {
                "h200-no-driver",
                new FitQuestion { Gpus = ["h200"] }
            },
            {
                "python-3.8",
                new FitQuestion
                {
                    Gpus = ["h100"],
                    Driver = "580.95.05",
                    Python = "3.8",
                }
            },
        };

    [Theory]
    [MemberData(nameof(Questions))]
    public void The_tree_is_the_golden_one(string name, FitQuestion question)
    {
        var (request, targets) = question.Read(Bare, "this machine", "x86_64", null, Tables);
        var answer = FitAnswer.Of(new FitEngine(Tables).Resolve(request, targets), Tables);
        Golden(name, string.Join('\n', FitAnswerText.Lines(answer, sources: true)) + "\n");
    }

    [Fact]
    public void A_release_that_is_not_known_is_answered_with_those_that_are()
    {
        var (request, targets) = new FitQuestion { Gpus = ["h100"], Torch = "9.9" }.Read(Bare, "this machine", "x86_64", null, Tables);
        var lines = FitAnswerText.Lines(FitAnswer.Of(new FitEngine(Tables).Resolve(request, targets), Tables), sources: false);
        Assert.Matches(
            @"^does not fit: no such build of PyTorch is known; known are 2\.\d+\.\d+ to 2\.14\.\d+, in the builds cpu, .*cu128",
            lines.First()
        );
    }

    [Fact]
    public void A_fleet_gets_one_stack_where_one_fits_all()
    {
        var report = Fleet(
            """
            [[machine]]
            name = "old"
            gpus = ["a100"]
            driver = "535.183.01"

            [[machine]]
            name = "new"
            gpus = ["h100"]
            driver = "580.95.05"

            [[machine]]
            name = "login"
            """
        );
        Assert.True(report.Fits);
        Assert.Equal("2.9.1+cu126", report.Chosen[0].Candidate.Torch.LocalVersion);
        Assert.Equal(["old", "new", "login"], report.Chosen.Select(verdict => verdict.Target.Name));
    }

    [Fact]
    public void A_fleet_gets_the_smallest_set_where_none_fits_all()
    {
        var report = Fleet(
            """
            [[machine]]
            name = "pascal"
            gpus = ["p100"]
            driver = "535.183.01"
            [[machine]]
            name = "volta"
            gpus = ["v100"]
            driver = "535.183.01"
            [[machine]]
            name = "blackwell"
            gpus = ["b200"]
            driver = "580.95.05"
            """
        );
        Assert.False(report.Fits);
        Assert.True(report.ServesAll);
        Assert.Equal(2, report.Stacks.Count);
        Assert.Equal(
            "cu126",
            Assert.Single(report.Stacks, stack => stack.Machines.Any(m => m.Target.Name == "pascal")).Candidate.Torch.Build
        );
        Assert.NotEqual(
            "cu126",
            Assert.Single(report.Stacks, stack => stack.Machines.Any(m => m.Target.Name == "blackwell")).Candidate.Torch.Build
        );
        Assert.Equal(3, report.Stacks.Sum(stack => stack.Machines.Count));
    }

    [Theory]
    [InlineData("[[machine]\n", "TY5201")]
    [InlineData("", "TY5202")]
    [InlineData("[[machine]]\ngpus = [\"mi300\"]\n", "TY5203")]
    [InlineData("[[machine]]\ndriver = \"latest\"\n", "TY5204")]
    [InlineData("[[machine]]\narchitecture = \"sparc\"\n", "TY5204")]
    public void A_wrong_fleet_file_is_refused(string text, string code) =>
        Assert.Equal(
            code,
            Assert.Throws<TorchyardException>(() => FleetFile.Parse(System.Text.Encoding.UTF8.GetBytes(text), "fleet.toml", Tables)).Code
        );

    [Fact]
    public void An_unknown_key_of_a_fleet_file_is_refused_with_its_place()
    {
        var error = Assert.Throws<TorchyardException>(() => FleetFile.Parse("[[machine]]\ngpu = [\"h100\"]\n"u8, "fleet.toml", Tables));
        Assert.Equal(2, error.Location!.Line);
    }

    [Theory]
    [InlineData("--torch", "TY5204")]
    [InlineData("--build", "TY5205")]
    [InlineData("--driver", "TY5204")]
    [InlineData("--gpu", "TY5203")]
    [InlineData("--python", "TY5204")]
    [InlineData("--glibc", "TY5204")]
    [InlineData("--base", "TY5205")]
    [InlineData("--precision", "TY5205")]
    [InlineData("--arch", "TY5204")]
    public void A_wrong_text_is_refused_as_usage(string option, string code)
    {
        const string Wrong = "no such";
        var question = new FitQuestion
        {
            Torch = option == "--torch" ? Wrong : null,
            Build = option == "--build" ? Wrong : null,
            Driver = option == "--driver" ? Wrong : null,
            Gpus = option == "--gpu" ? [Wrong] : ["h100"],
            Python = option == "--python" ? Wrong : null,
            Glibc = option == "--glibc" ? Wrong : null,
            Base = option == "--base" ? Wrong : "debian:13",
            Precisions = option == "--precision" ? [Wrong] : [],
            Architecture = option == "--arch" ? Wrong : null,
        };
        var error = Assert.Throws<TorchyardException>(() => question.Read(Bare, "this machine", "x86_64", null, Tables));
        Assert.Equal((code, true), (error.Code, error.IsUsage));
    }

    [Fact]
    public void JSON_reads_back()
    {
        var (request, targets) = new FitQuestion { Gpus = ["h100"], Driver = "535.183.01" }.Read(
            Bare,
            "this machine",
            "x86_64",
            null,
            Tables
        );
        var answer = FitAnswer.Of(new FitEngine(Tables).Resolve(request, targets), Tables);
        var json = JsonSerializer.Serialize(answer, FitAnswerJson.Default.FitAnswer);
        using var document = JsonDocument.Parse(json);
        Assert.True(document.RootElement.GetProperty("fits").GetBoolean());
        var machine = document.RootElement.GetProperty("stacks")[0].GetProperty("machines")[0];
        Assert.Equal("limited", machine.GetProperty("verdict").GetProperty("outcome").GetString());
        Assert.Equal("535.183.01", machine.GetProperty("driver").GetString());
    }

    private static void Golden(string name, string text) => GoldenFile.Compare($"tests/Torchyard.Fit.Tests/Golden/{name}.golden", text);

    private static FitReport Fleet(string toml) =>
        new FitEngine(Tables).Resolve(new FitRequest(), FleetFile.Parse(System.Text.Encoding.UTF8.GetBytes(toml), "fleet.toml", Tables));
}
