using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Presets;

/// <summary>A recipe that ships inside the program: <c>Presets/NAME.toml</c>, or one of <see cref="GpuPreset"/>.</summary>
public sealed class Preset
{
    private const string Prefix = "presets/";
    private const string Suffix = ".toml";

    /// <summary>What no preset has and a recipe can have, as comments: without the marks they are tables that can be used.</summary>
    internal const string More = """

        # More that a recipe can have; remove the marks in front of what you want. docs/recipe.md explains every key.
        #
        # Variables of what runs, and names of your own that are passed on:
        # [environment]
        # HF_HUB_OFFLINE = "1"
        # pass = ["WANDB_API_KEY?"]
        #
        # A service of your own, watched and logged like Jupyter:
        # [services.api]
        # command = ["python3", "serve.py", "--port", "${port}"]
        # port = 8000
        #
        # An apt repository of a vendor, with its key:
        # [[archives]]
        # url = "https://apt.example.com/debian"
        # suite = "stable"
        # key = "./keys/example.asc"
        #
        # Files of the project in the image:
        # [[files]]
        # source = "./config/app.toml"
        # target = "/etc/app/app.toml"
        #
        # Commands while the image is built, without network:
        # [[run]]
        # name = "the solver"
        # command = "make -C /opt/src install"
        #
        # An image of the store to build on, in the place of 'suite' below [base]:
        # image = "mytools:latest"

        """;

    private Preset(string name, byte[] content)
    {
        Name = name;
        Content = Encoding.UTF8.GetString(content).TrimEnd('\n') + "\n" + More;
        Recipe = RecipeReader.Read(content, $"preset {name}");
    }

    /// <summary>Name, as in <c>torchyard up NAME</c>.</summary>
    public string Name { get; }

    /// <summary>The TOML with its comments, as <c>init</c> writes it.</summary>
    public string Content { get; }

    /// <summary>The recipe.</summary>
    public Recipe Recipe { get; }

    /// <summary>What it is for: the first comment line of the file.</summary>
    public string Summary => Content.AsSpan()[..Content.IndexOf('\n', StringComparison.Ordinal)].TrimStart("# ").TrimEnd('.').ToString();

    /// <summary>Names of all presets, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(Preset)
            .Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Suffix.Length])
            .Concat(GpuPreset.All.Select(preset => preset.Name))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Debian release of the presets with CUDA unless another one is asked for.</summary>
    public const string DefaultSuite = GpuPreset.DefaultSuite;

    /// <summary>True when <c>[fit]</c> of the preset chooses PyTorch, so that another line can be asked for.</summary>
    public bool HasTorchLine => Recipe.Fit is not null;

    /// <summary>True when there is such a preset.</summary>
    public static bool Exists(string name) => Names.Contains(name);

    /// <summary>Reads a preset.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="torch">PyTorch line for a preset with CUDA; null for the default one.</param>
    /// <param name="suite">Debian release for a preset with CUDA; null for the default one.</param>
    /// <exception cref="TorchyardException">TY1010: there is none of this name; TY1015: it has no PyTorch line to choose.</exception>
    public static Preset Get(string name, string? torch = null, string? suite = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (GpuPreset.All.FirstOrDefault(preset => preset.Name == name) is { } gpu)
        {
            return new Preset(name, gpu.Content(torch ?? GpuPreset.DefaultTorch, suite ?? GpuPreset.DefaultSuite));
        }

        if (torch is not null && Exists(name))
        {
            throw new TorchyardException(
                "TY1015",
                $"the preset '{name}' has no PyTorch to choose: its packages come from Debian",
                $"use one of the presets with CUDA: {string.Join(", ", GpuPreset.All.Select(preset => preset.Name))}"
            )
            {
                IsUsage = true,
            };
        }

        using var stream = typeof(Preset).Assembly.GetManifestResourceStream(Prefix + name + Suffix);
        if (stream is null)
        {
            var nearest = NearestName.Find(name, Names);
            throw new TorchyardException(
                "TY1010",
                $"there is no preset '{name}'",
                (nearest is null ? "" : $"did you mean '{nearest}'? ")
                    + $"the presets are: {string.Join(", ", Names)}; a recipe of your own is named by its path, such as ./{name}"
            )
            {
                IsUsage = true,
            };
        }

        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new Preset(name, content);
    }
}
