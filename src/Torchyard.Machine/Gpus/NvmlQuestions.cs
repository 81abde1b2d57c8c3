namespace Torchyard.Machine.Gpus;

/// <summary>How much NVML is asked: each question takes its time.</summary>
internal enum NvmlQuestions
{
    /// <summary>Everything.</summary>
    All,

    /// <summary>Which GPUs there are and who computes on them: what choosing needs.</summary>
    Identity,

    /// <summary>The same, and how much the GPUs are used.</summary>
    Use,
}
