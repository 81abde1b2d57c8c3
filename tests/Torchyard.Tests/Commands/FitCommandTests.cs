using System.Text.Json;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.Tests.Commands;

public sealed class FitCommandTests : IDisposable
{
    private readonly CommandRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task A_stack_that_fits_is_named_with_its_reasons_and_exit_status_0()
    {
        Assert.Equal(0, await _run.RunAsync("fit", "--gpu", "h100", "--driver", "535.183.01", "--torch", "2.9", "--build", "cu128"));
        Assert.StartsWith("fits with limits: PyTorch 2.9.1 cu128, Python 3.13", _run.Output, StringComparison.Ordinal);
        Assert.Contains("minor-version compatibility", _run.Output, StringComparison.Ordinal);
        Assert.Contains("https://download.pytorch.org/whl/cu128", _run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_fit_has_exit_status_1_and_the_nearest_that_does()
    {
        Assert.Equal(1, await _run.RunAsync("fit", "--gpu", "rtx-3090", "--driver", "535.183.01", "--torch", "2.11", "--build", "cu130"));
        Assert.StartsWith("does not fit", _run.Output, StringComparison.Ordinal);
        Assert.Contains("The nearest that fits:\nfits with limits: PyTorch 2.11.0 cu126", _run.Output, StringComparison.Ordinal);
        Assert.Contains("the machine asked for: with driver 580 or newer", _run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_question_has_exit_status_2()
    {
        Assert.Equal(2, await _run.RunAsync("fit", "--gpu", "mi300"));
        Assert.Contains("TY5203", _run.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _run.RunAsync("fit", "--fleet", "absent.toml"));
        Assert.Contains("TY5201", _run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JSON_names_the_sources_of_its_facts()
    {
        Assert.Equal(0, await _run.RunAsync("fit", "--gpu", "a100", "--driver", "580.95.05", "--json"));
        using var answer = JsonDocument.Parse(_run.Output);
        Assert.True(answer.RootElement.GetProperty("fits").GetBoolean());
        Assert.NotEqual(0, answer.RootElement.GetProperty("sources").GetArrayLength());
        Assert.Equal("cu128", answer.RootElement.GetProperty("stacks")[0].GetProperty("build").GetString());
    }

    [Fact]
    public async Task A_fleet_file_is_read_from_the_working_directory()
    {
        _run.Write(
            "fleet.toml",
            "[[machine]]\nname = \"old\"\ngpus = [\"p100\"]\ndriver = \"535.183.01\"\n[[machine]]\nname = \"new\"\ngpus = "
                + "[\"b200\"]\ndriver = \"580.95.05\"\n"
        );
        Assert.Equal(0, await _run.RunAsync("fit", "--fleet", "fleet.toml"));
        Assert.Contains("on old", _run.Output, StringComparison.Ordinal);
        Assert.Contains("on new", _run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_too_strict_image_is_told_from_a_right_one()
    {
        Assert.Equal(
            1,
            await _run.RunAsync(
                "fit",
                "--gpu",
                "h100",
                "--driver",
                "545.23.08",
                "--build",
                "cu128",
                "--torch",
                "2.9",
                "--require",
                "cuda>=12.8"
            )
        );
        Assert.Contains("stricter than the truth", _run.Output, StringComparison.Ordinal);
        Assert.Equal(
            0,
            await _run.RunAsync(
                "fit",
                "--gpu",
                "h100",
                "--driver",
                "575.57.08",
                "--build",
                "cu128",
                "--torch",
                "2.9",
                "--require",
                "cuda>=12.8"
            )
        );
        Assert.Equal(2, await _run.RunAsync("fit", "--gpu", "h100", "--driver", "575.57.08", "--require", "cuda>="));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_the_index_lists_counts_and_is_kept_for_a_day(bool html)
    {
        await using var index = new TestIndex { Html = html }
            .Add(Wheel("2.9.1+cu128", "cp313-cp313-manylinux_2_28_x86_64"), "torch")
            .Add(Wheel("2.9.1+cu128", "cp313-cp313t-manylinux_2_28_x86_64"), "torch")
            .Add(Wheel("2.9.1+cpu", "cp313-cp313-manylinux_2_28_x86_64"), "torch")
            .Add(Wheel("2.15.0+cu134", "cp314-cp314-manylinux_2_28_x86_64", "nvidia-cudnn-cu13==9.30.1.2", "triton==3.9.0"), "torch")
            .Add("torch", "torch-2.15.0-cp314-cp314-manylinux_2_28_x86_64-cu134.whl", [1]);
        _run.Set("TORCHYARD_TORCH_INDEX", index.Root.AbsoluteUri);

        // 3.12 is in the table, and not on this index.
        Assert.Equal(
            1,
            await _run.RunAsync("fit", "--gpu", "h100", "--driver", "580.95.05", "--torch", "2.9.1", "--build", "cu128", "--python", "3.12")
        );
        Assert.Contains("has wheels for 3.13", _run.Output, StringComparison.Ordinal);
        Assert.Contains($"by the index {index.Root}", _run.Output, StringComparison.Ordinal);
        Assert.Contains("left out: 1 wheel with a variant label", _run.Output, StringComparison.Ordinal);

        // A release that no table knows: its METADATA, and the nearest known architectures.
        Assert.Equal(0, await _run.RunAsync("fit", "--gpu", "h100", "--driver", "615.71.09", "--torch", "2.15", "--json"));
        using var answer = JsonDocument.Parse(_run.Output);
        var stack = answer.RootElement.GetProperty("stacks")[0];
        Assert.Equal(
            "2.15.0 cu134 9.30.1.2 3.9.0",
            $"{stack.GetProperty("torch")} {stack.GetProperty("build")} {stack.GetProperty("cudnn")} {stack.GetProperty("triton")}"
        );
        Assert.Equal("limited", stack.GetProperty("machines")[0].GetProperty("verdict").GetProperty("outcome").GetString());
        Assert.Contains("in no table: its architectures are taken to be those of 2.14.1+cu132", _run.Output, StringComparison.Ordinal);

        var asked = index.Asked.Count;
        Assert.Equal(0, await _run.RunAsync("fit", "--gpu", "h100", "--driver", "580.95.05"));
        Assert.Equal(asked, index.Asked.Count);
        Assert.Equal(0, await _run.RunAsync("fit", "--gpu", "h100", "--driver", "580.95.05", "--refresh"));
        Assert.True(index.Asked.Count > asked);

        Assert.Equal(1, await _run.RunAsync("fit", "--check-tables"));
        Assert.Contains("2.15.0+cu134 is on the index and not in the table", _run.Output, StringComparison.Ordinal);
        Assert.Contains("2.14.1+cpu is in the table and not on the index", _run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_index_the_table_answers_and_says_so_and_what_was_read_once_stays()
    {
        await using (var index = new TestIndex().Add(Wheel("2.9.1+cu128", "cp313-cp313-manylinux_2_28_x86_64"), "torch"))
        {
            _run.Set("TORCHYARD_TORCH_INDEX", index.Root.AbsoluteUri);
            Assert.Equal(0, await _run.RunAsync("fit", "--offline", "--gpu", "h100", "--driver", "580.95.05"));
            Assert.Contains("no index was asked", _run.Output, StringComparison.Ordinal);
            Assert.Contains("by the table of this program", _run.Output, StringComparison.Ordinal);
            Assert.Empty(index.Asked);
            Assert.Equal(0, await _run.RunAsync("fit", "--gpu", "h100", "--driver", "580.95.05"));
        }

        Assert.Equal(1, await _run.RunAsync("fit", "--gpu", "h100", "--driver", "580.95.05", "--refresh"));
        Assert.Contains("TY2503", _run.Error, StringComparison.Ordinal);
        Assert.Equal(0, await _run.RunAsync("fit", "--offline", "--gpu", "h100", "--driver", "580.95.05"));
        Assert.Contains("by the index", _run.Output, StringComparison.Ordinal);
        Assert.Equal(2, await _run.RunAsync("fit", "--offline", "--refresh", "--gpu", "h100"));
        Assert.Contains("TY5215", _run.Error, StringComparison.Ordinal);
    }

    private static TestWheel Wheel(string version, string tag, params string[] requires)
    {
        var wheel = new TestWheel("torch", version, tag);
        wheel.Requires.AddRange(requires);
        return wheel;
    }

    [Fact]
    public async Task Why_needs_a_lock()
    {
        Assert.NotEqual(0, await _run.RunAsync("why", "torch"));
        Assert.Contains("TY10", _run.Error, StringComparison.Ordinal);
    }
}
