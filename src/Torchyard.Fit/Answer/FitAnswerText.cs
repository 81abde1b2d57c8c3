namespace Torchyard.Fit.Answer;

/// <summary>A report as lines for people.</summary>
public static class FitAnswerText
{
    /// <summary>The lines.</summary>
    /// <param name="answer">The report.</param>
    /// <param name="sources">Name sources at every fact, and list them at the end.</param>
    public static IEnumerable<string> Lines(FitAnswer answer, bool sources)
    {
        foreach (var stack in answer.Fits ? answer.Stacks : [])
        {
            foreach (var line in Stack(stack, sources))
            {
                yield return line;
            }

            yield return "";
        }

        foreach (var machine in answer.Refused)
        {
            foreach (var line in VerdictText.Lines(machine.Verdict, sources))
            {
                yield return line;
            }

            yield return "";
        }

        if (answer.Known is { } known)
        {
            yield return $"does not fit: no such build of PyTorch is known; known are {known}";
            yield return "";
        }

        if (answer.Nearest is { } nearest)
        {
            yield return "The nearest that fits:";
            foreach (var line in Stack(nearest, sources))
            {
                yield return line;
            }

            yield return "";
        }

        foreach (var help in answer.Fits ? [] : answer.Drivers.Where(help => help.Driver is not null || help.LastBranch is not null))
        {
            yield return $"{help.Machine}: {help.Advice}.";
        }

        if (!answer.Fits && answer.Drivers.Any(help => help.Driver is not null || help.LastBranch is not null))
        {
            yield return "";
        }

        foreach (var note in answer.Notes)
        {
            yield return $"Note: {note}.";
        }

        if (answer.Notes.Count > 0)
        {
            yield return "";
        }

        if (answer.AsOf is { } day)
        {
            yield return $"As of {day}, {(answer.AsOfIndex is { } index ? $"by the index {index}" : "by the table of this program")}.";
            yield return "";
        }

        if (!sources)
        {
            yield break;
        }

        yield return "Sources:";
        foreach (var source in answer.Sources)
        {
            yield return $"  {source.Id}: {source.Title}{(source.Url is null ? "" : $" <{source.Url}>")}";
        }
    }

    private static IEnumerable<string> Stack(StackAnswer stack, bool sources)
    {
        foreach (var machine in stack.Machines)
        {
            foreach (var line in VerdictText.Lines(machine.Verdict, sources))
            {
                yield return line;
            }
        }

        var pins = new[]
        {
            ("CUDA", stack.Cuda),
            ("cuDNN", stack.Cudnn),
            ("NCCL", stack.Nccl),
            ("NVSHMEM", stack.Nvshmem),
            ("Triton", stack.Triton),
        }
            .Where(pin => pin.Item2 is not null)
            .Select(pin => $"{pin.Item1} {pin.Item2}")
            .ToArray();
        if (pins.Length > 0)
        {
            yield return $"  with     {string.Join(", ", pins)}";
        }

        if (stack.CompatPackage is { } package)
        {
            yield return $"  needs    {package} in the image, from NVIDIA under its licence: "
                + "[cuda-compat] accept-license = true in the recipe";
        }

        if (stack.Note is { } note)
        {
            yield return $"  note     {note}";
        }

        yield return stack.Package is { } debian
            ? $"  install  {debian} of Debian (contrib, non-free), with cuDNN from NVIDIA: torchyard init debian-cuda"
            : $"  install  {string.Join(' ', stack.Requirements)} from {stack.Index}";
    }
}
