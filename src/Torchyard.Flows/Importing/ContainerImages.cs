using System.Text.RegularExpressions;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Flows.Importing;

/// <summary>What well-known container images bring, as part of a recipe.</summary>
internal static partial class ContainerImages
{
    /// <summary>Adds what an image brings.</summary>
    /// <param name="import">The translation.</param>
    /// <param name="place">Where it is named.</param>
    /// <param name="image">Its name with tag.</param>
    public static void Add(Import import, string place, string image)
    {
        var name = image.Split('@')[0];
        var colon = name.LastIndexOf(':');
        var tag = colon > name.LastIndexOf('/') ? name[(colon + 1)..] : "";
        var repository = tag.Length > 0 ? name[..colon] : name;
        foreach (var prefix in new[] { "docker.io/", "library/", "mirror.gcr.io/", "registry-1.docker.io/" })
        {
            repository = repository.StartsWith(prefix, StringComparison.Ordinal) ? repository[prefix.Length..] : repository;
        }

        AddSystem(import, place, repository, tag);
        switch (repository)
        {
            case "pytorch/pytorch":
                AddPyTorch(import, place, image, tag);
                break;
            case "nvidia/cuda" or "nvcr.io/nvidia/cuda":
                import.Became(place, image, "", "PyTorch's wheels bring CUDA; lock chooses the build for your GPUs");
                AddDevelopment(import, place, image, tag);
                break;
            case "python":
                import.Became(place, image, "python3", "the Python of the Debian release");
                if (LeadingVersion().Match(tag) is { Success: true } version)
                {
                    import.LookAtPython(place, image, Near(version.Value));
                }

                break;
            case "ubuntu" or "debian" or "buildpack-deps":
                import.Became(place, image, $"base.suite", repository == "debian" ? null : "Debian's packages have mostly the same names");
                break;
            case "continuumio/miniconda3"
            or "continuumio/anaconda3"
            or "condaforge/mambaforge"
            or "condaforge/miniforge3"
            or "mambaorg/micromamba":
                import.Became(place, image, "", "packages of conda come from Debian and Python's index instead");
                break;
            default:
                if (repository.StartsWith("nvcr.io/nvidia/pytorch", StringComparison.Ordinal))
                {
                    import.Draft.AddPython("torch");
                    import.Draft.AddPython("torchvision");
                    import.Became(place, image, "torch, torchvision", "from PyTorch's own builds");
                    import.Gap(place, image, "NVIDIA's own build of PyTorch, with Apex and Transformer Engine, is in that image alone");
                }
                else
                {
                    import.Gap(place, image, "what is in this image is not known here: name what you need of it in the recipe");
                }

                break;
        }
    }

    private static void AddPyTorch(Import import, string place, string image, string tag)
    {
        if (PyTorchTag().Match(tag) is not { Success: true } match)
        {
            import.Draft.AddPython("torch");
            import.Draft.AddPython("torchvision");
            import.Became(place, image, "torch, torchvision");
            if (tag.Length > 0 && tag != "latest")
            {
                import.Gap(place, image, "this tag does not say which PyTorch it is");
            }

            return;
        }

        var torch = $"torch=={match.Groups["torch"].Value}";
        import.Draft.AddPython(torch);
        import.Draft.AddPython("torchvision");
        if (VersionSpecifierSet.TryParse(torch["torch".Length..], out var versions))
        {
            import.Suite.Torch(versions);
        }

        import.Became(place, image, $"{torch}, torchvision", "torchaudio is in that image, too: add it if you need it");
        if (match.Groups["cuda"] is { Success: true } cuda)
        {
            import.AddIndex(place, PyTorchIndex.Of(cuda.Value), isExtra: true, "PyTorch's builds for this CUDA");
        }

        AddDevelopment(import, place, image, tag);
    }

    private static void AddDevelopment(Import import, string place, string image, string tag)
    {
        if (!tag.Split('-').Contains("devel"))
        {
            return;
        }

        foreach (var package in new[] { "g++", "libc6-dev", "make" })
        {
            import.Draft.AddPackage(package);
        }

        import.Became(place, image, "g++, libc6-dev, make", "the compilers of -devel");
        import.Gap(
            place,
            image,
            "nvcc and the CUDA headers of -devel are not part of the recipe; Debian's nvidia-cuda-toolkit has a compiler, in non-free"
        );
    }

    // By the C library and the age of the packages.
    private static void AddSystem(Import import, string place, string repository, string tag)
    {
        var suite =
            tag.Contains("trixie", StringComparison.Ordinal) ? "trixie"
            : tag.Contains("bookworm", StringComparison.Ordinal) ? "bookworm"
            : tag.Contains("bullseye", StringComparison.Ordinal) ? "bullseye"
            : tag.Contains("ubuntu20.04", StringComparison.Ordinal) || (repository == "ubuntu" && tag is "20.04" or "focal") ? "bullseye"
            : tag.Contains("ubuntu22.04", StringComparison.Ordinal) || (repository == "ubuntu" && tag is "22.04" or "jammy") ? "bookworm"
            : tag.Contains("ubuntu24.04", StringComparison.Ordinal) || (repository == "ubuntu" && tag is "24.04" or "noble") ? "trixie"
            : repository == "debian" && tag.StartsWith("13", StringComparison.Ordinal) ? "trixie"
            : repository == "debian" && tag.StartsWith("12", StringComparison.Ordinal) ? "bookworm"
            : repository == "debian" && tag.StartsWith("11", StringComparison.Ordinal) ? "bullseye"
            : null;
        if (suite is not null)
        {
            import.Suite.System(suite, place);
        }
    }

    // "3.10" stands for every 3.10.x.
    private static string Near(string version) => version.Count(letter => letter == '.') >= 2 ? $"=={version}" : $"=={version}.*";

    [GeneratedRegex(
        @"^(?<torch>[0-9]+\.[0-9]+\.[0-9]+)(-cuda(?<cuda>[0-9]+\.[0-9]+)(\.[0-9]+)?)?(-|\z)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex PyTorchTag();

    [GeneratedRegex(@"^3(\.[0-9]+){1,2}", RegexOptions.CultureInvariant)]
    private static partial Regex LeadingVersion();
}
