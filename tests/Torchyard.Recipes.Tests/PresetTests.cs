using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Presets;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Tests;

public sealed class PresetTests
{
    public static TheoryData<string> Names => [.. Preset.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_preset_reads_and_explains_itself(string name)
    {
        var preset = Preset.Get(name);
        Assert.Equal(name.Replace('+', '-'), preset.Recipe.Name);
        Assert.InRange(preset.Summary.Length, 20, 120);
        Assert.DoesNotContain('\r', preset.Content);
    }

    [Fact]
    public void What_is_in_comments_at_its_end_can_be_used_as_it_is()
    {
        Assert.All(Preset.Names, name => Assert.EndsWith(Preset.More, Preset.Get(name).Content, StringComparison.Ordinal));
        var lines = Preset.More.Split('\n').Where(line => line.StartsWith("# ", StringComparison.Ordinal)).Select(line => line[2..]);
        // Sentences stay comments; the last line is one of [base].
        var tables = lines.Where(line => line.Contains(" = ", StringComparison.Ordinal) || line.StartsWith('[')).SkipLast(1);

        var recipe = RecipeReader.Read(
            Encoding.UTF8.GetBytes($"name = \"x\"\n[base]\n{lines.Last()}\n{string.Join('\n', tables)}\n"),
            "torchyard.toml"
        );

        Assert.Equal("mytools:latest", recipe.Base.Image);
        Assert.Equal(
            (1, 1, 1, 1, 1),
            (recipe.Environment.Pass.Count, recipe.Services.Own.Count, recipe.Archives.Count, recipe.Files.Count, recipe.Run.Count)
        );
    }

    [Fact]
    public void The_cpu_preset_keeps_work_on_mounts_and_services_on_loopback()
    {
        var recipe = Preset.Get("cpu").Recipe;
        Assert.Equal(["/workspace/data", "/workspace/checkpoints"], recipe.Mounts.Select(mount => mount.Target));
        Assert.Equal("127.0.0.1", recipe.Services.Jupyter!.Listen);
        Assert.Equal("127.0.0.1", recipe.Services.Ssh!.Listen);
        Assert.Contains("python3-torch", recipe.Packages);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_preset_for_training_has_what_a_day_of_it_needs(string name)
    {
        var recipe = Preset.Get(name).Recipe;
        if (name == "minimal")
        {
            return;
        }

        Assert.Empty(new[] { "git", "rsync", "curl", "tmux", "less", "nano", "vim-tiny" }.Except(recipe.Packages));
        Assert.Empty(
            recipe.Python is { } python
                ? new[] { "matplotlib", "pandas", "tqdm", "tensorboard", "numpy" }.Except(python.Packages)
                : new[] { "python3-matplotlib", "python3-pandas", "python3-tqdm", "python-is-python3", "python3-pip" }.Except(
                    recipe.Packages
                )
        );
    }

    [Fact]
    public void The_preset_with_debians_cuda_says_that_the_licence_of_cudnn_is_accepted()
    {
        var preset = Preset.Get("debian-cuda");
        Assert.True(preset.Recipe.Cudnn!.AcceptLicense);
        Assert.Contains(CudnnSettings.LicenseUrl, preset.Content, StringComparison.Ordinal);
        Assert.Contains("python3-torch-cuda", preset.Recipe.Packages);
        Assert.Equal(["main", "contrib", "non-free"], preset.Recipe.Base.Components);
        Assert.Null(preset.Recipe.Limits.Gpus);
    }

    [Fact]
    public void An_unknown_preset_names_the_nearest()
    {
        var error = Assert.Throws<TorchyardException>(() => Preset.Get("cpuu"));
        Assert.Equal("TY1010", error.Code);
        Assert.Contains("did you mean 'cpu'?", error.Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 0, "cpu", false)]
    [InlineData("", 2, "cpu", true)]
    [InlineData("h100 h100", 0, "h100", false)]
    [InlineData("a100", 0, "a100", false)]
    [InlineData("h200 h200 h200", 0, "h200", false)]
    [InlineData("a100 h100", 0, "ampere+hopper", false)]
    [InlineData("h100 h200", 0, "ampere+hopper", false)]
    [InlineData("l40s", 0, "cuda", false)]
    [InlineData("a100 rtx-4090", 0, "cuda", false)]
    public void The_preset_for_a_machine_follows_from_its_gpus(string gpus, int unknown, string preset, bool warns)
    {
        var choice = PresetChoice.For(gpus.Split(' ', StringSplitOptions.RemoveEmptyEntries), unknown);
        Assert.Equal((preset, warns), (choice.Preset, choice.Warning is not null));
        Assert.True(Preset.Exists(choice.Preset));
    }

    [Fact]
    public void Presets_with_cuda_take_another_pytorch_line_and_the_debian_release_for_it()
    {
        var recipe = Preset.Get("h100", "2.11", "bookworm").Recipe;
        Assert.Equal(("2.11", "bookworm"), (recipe.Fit!.Torch, recipe.Base.Suite));
        Assert.Equal(["h100"], recipe.Fit.Gpus);
        Assert.Equal(["a100", "h100", "h200"], Preset.Get("ampere+hopper").Recipe.Fit!.Gpus);
        Assert.Equal("2.9", Preset.Get("ampere+hopper").Recipe.Fit!.Torch);
        Assert.Equal("TY1015", Assert.Throws<TorchyardException>(() => Preset.Get("cpu", "2.11")).Code);
    }
}
