using System.Text.Json;

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
        Assert.Contains("With driver 580 or newer", _run.Output, StringComparison.Ordinal);
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

    [Fact]
    public async Task Why_needs_a_lock()
    {
        Assert.NotEqual(0, await _run.RunAsync("why", "torch"));
        Assert.Contains("TY10", _run.Error, StringComparison.Ordinal);
    }
}
