namespace Torchyard.Gpus.Fit;

/// <summary>What the resolver of Python requirements must hold to, so that it ends with a stack that was judged.</summary>
/// <param name="Constraints">Constraints (PEP 508), e.g. <c>torch==2.9.1</c>.</param>
/// <param name="Index">Index that has the build; null when PyPI has it, so that the user's own index or mirror serves it.</param>
/// <param name="DebianPackages">Packages that the image needs beside it, e.g. <c>cuda-compat-13-0</c> from NVIDIA's repository.</param>
public sealed record FitConstraints(IReadOnlyList<string> Constraints, string? Index, IReadOnlyList<string> DebianPackages)
{
    /// <summary>
    /// The constraints of a stack: the release, its build where the index has it under a local version, the companions of the release,
    /// and the pinned libraries of which a second one must not come in by another way.
    /// </summary>
    public static FitConstraints Of(StackVerdict stack, FitTables tables)
    {
        ArgumentNullException.ThrowIfNull(stack);
        var row = stack.Candidate.Torch;
        var index = row.Pypi ? null : stack.Candidate.Index(tables) + "/";
        // A wheel on PyPI has no local version; on PyTorch's own indexes the local version names the build.
        var constraints = new List<string> { $"torch=={(row.Pypi ? row.Torch : row.LocalVersion)}" };
        Add("torchvision", row.Torchvision);
        Add("torchaudio", row.Torchaudio);
        if (row.Cuda is { } cuda)
        {
            Add($"nvidia-cudnn-cu{cuda.Major}", row.Cudnn);
            Add($"nvidia-nccl-cu{cuda.Major}", row.Nccl);
            Add("triton", row.Triton);
        }

        return new FitConstraints(constraints, index, stack.CompatPackage is { } package ? [package] : []);

        void Add(string name, string? version)
        {
            if (version is not null)
                constraints.Add($"{name}=={version}");
        }
    }
}
