using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.EndToEnd.Python;

/// <summary>
/// Projects that people have already: what <c>init --from</c> makes of them locks, and what was tried with pip comes back into the recipe.
/// </summary>
[Collection(PythonProjectTests.Name)]
public sealed class AdoptedProjectTests(PythonProject python)
{
    // Small wheels under the names and versions that the projects ask for.
    private const string Wheels = """
        accelerate-1.0.1 albumentations-0.4.3 appdirs-1.4.4 bitsandbytes-0.44.1 black-24.10.0 chardet-5.2.0
        clip-1.0 cmake-3.30.0 datasets-3.0.1 diffusers-0.30.3 einops-0.3.0 einops-0.8.1 fire-0.7.0 fsspec-2024.9.0 fvcore-0.1.5
        gradio-5.1.0 huggingface-hub-0.26.2 hydra-core-1.3.2 imageio-2.9.0 imageio-ffmpeg-0.4.2
        invisible-watermark-0.2.0 jupyterlab-4.2.5 kornia-0.6 lightning-utilities-0.11.8 loralib-0.1.2
        matplotlib-3.8.4 more-itertools-10.5.0 numba-0.60.0 numpy-1.19.2 numpy-1.26.4 omegaconf-2.1.1 omegaconf-2.3.0
        onnx-1.14.1 onnxruntime-1.16.0 opencv-python-4.1.2.30 opencv-python-4.10.0.84 openmim-0.3.9 optimum-1.23.1
        packaging-23.2 peft-0.13.2 protobuf-3.20.3 pudb-2019.2 py7zr-0.22.0 pycocotools-2.0.8 pytorch-lightning-1.4.2
        pyyaml-6.0.2 rich-13.9.2 safetensors-0.4.5 scipy-1.14.1 sentencepiece-0.2.0 streamlit-1.39.0
        taming-transformers-0.0.1 tensorboard-2.18.0 tensorboardx-2.6.2 test-tube-0.7.5 tiktoken-0.8.0 torch-1.9.0 torch-1.10.0 torch-1.11.0
        torch-2.5.1 torch-fidelity-0.3.0 torchmetrics-0.6.0 torchmetrics-1.5.0 torchvision-0.11.1 torchvision-0.12.0
        torchvision-0.20.1 tqdm-4.66.5 transformers-4.19.2 transformers-4.31.0 transformers-4.45.2 triton-3.1.0
        typing-extensions-4.12.2 wandb-0.18.5
        """;

    private static readonly (string Repository, string Wheel)[] Repositories =
    [
        ("huggingface/transformers", "transformers-4.31.0"),
        ("facebookresearch/fvcore", "fvcore-0.1.5"),
        ("CompVis/taming-transformers", "taming_transformers-0.0.1"),
        ("openai/CLIP", "clip-1.0"),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("deepspeed-examples", "requirements.txt")]
    [InlineData("detectron2", "Dockerfile")]
    [InlineData("latent-diffusion", "environment.yaml")]
    [InlineData("lightning", "requirements.txt")]
    [InlineData("llama-recipes", "requirements.txt")]
    [InlineData("mmdetection", "Dockerfile")]
    [InlineData("nanogpt", ".")]
    [InlineData("segment-anything", "environment.yml")]
    [InlineData("timm", "pyproject.toml")]
    [InlineData("whisper", "requirements.txt")]
    public async Task The_recipe_of_a_project_locks(string name, string from)
    {
        await using var index = Index();
        python.UseIndex(index.Root);
        var project = python.Store.NewProject("adopted-" + name);
        (
            await HostProgram.RunAsync(
                "cp",
                ["-r", SourceTree.At($"tests/Torchyard.Testing/Projects/{name}") + "/.", project],
                Cancellation
            )
        ).Succeeded();

        (await python.Store.RunAsync(project, ["init", "--from", from], Cancellation)).Succeeded().Printed("wrote torchyard.toml");
        StandIn(project, index);

        (await python.Store.RunAsync(project, ["lock", "--trust"], Cancellation)).Succeeded().Printed("locked");
        Assert.Contains(PythonProject.Locked(project), package => package.Name is "torch" or "accelerate");
    }

    [Fact]
    public async Task What_was_tried_with_pip_becomes_the_recipe_the_lock_and_the_image()
    {
        await using var index = Index();
        python.UseIndex(index.Root);
        var project = python.NewProject("tried", "# what the model needs\n[python]\npackages = [\n  \"tqdm\",  # bars\n]");
        (await python.Store.RunAsync(project, ["up"], Cancellation)).Succeeded();
        try
        {
            (
                await python.Store.RunAsync(
                    project,
                    ["exec", "tried", "pip", "install", "--quiet", "--index-url", index.Root.AbsoluteUri, "einops==0.3.0"],
                    Cancellation
                )
            ).Succeeded();
            (await python.Store.RunAsync(project, ["up"], Cancellation)).Succeeded().Printed("torchyard add --installed");

            (await python.Store.RunAsync(project, ["add", "--installed"], Cancellation))
                .Succeeded()
                .Printed("  +  \"einops==0.3.0\",\n")
                .Printed("+ einops (Python) 0.3.0")
                .Printed("Next: torchyard up --recreate");
            var recipe = await File.ReadAllTextAsync(Path.Combine(project, "torchyard.toml"), Cancellation);
            Assert.Contains("  \"tqdm\",  # bars\n  \"einops==0.3.0\",\n]", recipe, StringComparison.Ordinal);
            Assert.Contains(("einops", "0.3.0"), PythonProject.Locked(project));

            // The other way round: what the environment has, in another directory.
            var other = python.Store.NewProject("taken");
            (await python.Store.RunAsync(other, ["init", "--from", "tried"], Cancellation)).Succeeded();
            var taken = await File.ReadAllTextAsync(Path.Combine(other, "torchyard.toml"), Cancellation);
            Assert.Contains("\"tqdm\"", taken, StringComparison.Ordinal);
            Assert.Contains("\"einops==0.3.0\"", taken, StringComparison.Ordinal);
        }
        finally
        {
            (await python.Store.RunAsync(project, ["down"], Cancellation)).Succeeded();
        }

        (
            await python.Store.RunAsync(project, ["run", "--rm", await BuiltAsync(project), "python3", "-c", "import einops"], Cancellation)
        ).Succeeded();
    }

    [Fact]
    public async Task A_package_is_added_where_it_is_and_what_is_nowhere_changes_nothing()
    {
        await using var index = Index();
        python.UseIndex(index.Root);
        var project = python.NewProject("added", "");
        var recipe = Path.Combine(project, "torchyard.toml");

        (await python.Store.RunAsync(project, ["add", "einops", "tree"], Cancellation))
            .Succeeded()
            .Printed("+[python]")
            .Printed("+packages = [\"einops\"]");
        Assert.Contains("\"tree\"]", await File.ReadAllTextAsync(recipe, Cancellation), StringComparison.Ordinal);
        Assert.Contains(("einops", "0.8.1"), PythonProject.Locked(project));

        var before = (
            await File.ReadAllTextAsync(recipe, Cancellation),
            await File.ReadAllTextAsync(Path.ChangeExtension(recipe, ".lock"), Cancellation)
        );
        foreach (var package in new[] { "no-such-package-anywhere", "einops>=9" })
        {
            Assert.NotEqual(0, (await python.Store.RunAsync(project, ["add", package], Cancellation)).ExitCode);
        }

        Assert.Equal(
            before,
            (
                await File.ReadAllTextAsync(recipe, Cancellation),
                await File.ReadAllTextAsync(Path.ChangeExtension(recipe, ".lock"), Cancellation)
            )
        );

        (await python.Store.RunAsync(project, ["add", "einops==0.3.0"], Cancellation))
            .Succeeded()
            .Printed("einops (Python) 0.8.1 -> 0.3.0");
        (await python.Store.RunAsync(project, ["remove", "Einops", "tree"], Cancellation)).Succeeded().Printed("- einops (Python) 0.3.0");
        Assert.Empty(PythonProject.Locked(project));
    }

    private async Task<string> BuiltAsync(string project)
    {
        await python.BuildAsync(project, Cancellation);
        return "tried";
    }

    private static TestIndex Index()
    {
        var index = new TestIndex { Html = true };
        foreach (var wheel in Wheels.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var at = wheel.LastIndexOf('-');
            var (name, version) = (wheel[..at], wheel[(at + 1)..]);
            index.Add(new TestWheel(name, version).Add($"{name.Replace('-', '_')}/__init__.py", ""), name);
        }

        return index;
    }

    // PyTorch's own index and GitHub are not reached here: the loopback index stands for both.
    private static void StandIn(string project, TestIndex index)
    {
        foreach (var file in Directory.EnumerateFiles(project).Where(file => Path.GetExtension(file) is ".toml" or ".txt"))
        {
            var text = File.ReadAllText(file);
            text = Regex.Replace(text, "https://download.pytorch.org/whl/cu[0-9]+/torch_stable.html", index.Root + "torch/");
            text = Regex.Replace(text, "https://download.pytorch.org/whl/[a-z0-9]+", index.Root.AbsoluteUri);
            foreach (var (repository, wheel) in Repositories)
            {
                text = Regex.Replace(
                    text,
                    $"git\\+https://github.com/{repository}(\\.git)?(@[a-z0-9.]+)?(#egg=[a-z-]+)?",
                    new Uri(index.Root, $"/files/{wheel}-py3-none-any.whl").AbsoluteUri
                );
            }

            File.WriteAllText(file, Regex.Replace(text, "suite = \"(bullseye|bookworm)\"", "suite = \"trixie\""));
        }
    }
}
