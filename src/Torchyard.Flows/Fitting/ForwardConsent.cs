using Torchyard.Fit.Data;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Fitting;

/// <summary>The licence of NVIDIA's forward-compatibility libraries, which a recipe accepts before a stack may need them.</summary>
internal static class ForwardConsent
{
    /// <summary>Refuses a stack that needs the libraries where the recipe does not accept their licence.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="machines">The verdicts for the stack.</param>
    /// <param name="otherwise">What does without, as a sentence; null when nothing is known to.</param>
    /// <exception cref="TorchyardException">TY5209.</exception>
    public static void Require(RecipeSource source, IReadOnlyList<StackVerdict> machines, Func<string?> otherwise)
    {
        if (
            source.Recipe.CudaCompat is { AcceptLicense: true }
            || machines.FirstOrDefault(machine => machine.CompatPackage is not null) is not { } forward
        )
        {
            return;
        }

        var recipe = source.Preset is { } preset ? $"a recipe ('torchyard init {preset}' makes one of the preset)" : "the recipe";
        string?[] ways =
        [
            $"if you accept their licence, write into {recipe}: [cuda-compat] and below it accept-license = true",
            otherwise(),
            "or bring the driver up to date",
        ];
        throw new TorchyardException(
            "TY5209",
            $"{forward.Candidate} runs on {forward.Target.Name} (driver {forward.Target.Driver}) only with {forward.CompatPackage} in "
                + "the image: libraries that are NVIDIA's "
                + $"and come under a licence of their own: {CudaCompatSettings.LicenseUrl}",
            string.Join("; ", ways.OfType<string>())
        );
    }
}
