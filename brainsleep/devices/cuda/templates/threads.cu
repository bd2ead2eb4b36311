{# A kernel that is launched without reading anything from the GPU first. Templates that extend this
   one say how many threads there are, and what a thread does. #}
{% extends 'common_group.cu' %}
{% block kernel %}
__global__ void _run_kernel_{{codeobj_name}}(
    {% block parameters %}{% endblock %}
    ///// KERNEL_PARAMETERS /////
    %KERNEL_PARAMETERS%
    )
{
    using namespace brian;
    const int _thread = blockIdx.x*blockDim.x + threadIdx.x;

    ///// KERNEL_CONSTANTS /////
    %KERNEL_CONSTANTS%

    ///// kernel_lines /////
    {{kernel_lines|autoindent}}

    {% block thread %}{% endblock %}
}
{% endblock %}

{% block define_N %}{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    {% block launch %}{% endblock %}
    _run_kernel_{{codeobj_name}}<<<num_blocks, num_threads>>>(
            {% block arguments %}{% endblock %}
            ///// HOST_PARAMETERS /////
            %HOST_PARAMETERS%
        );
    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
    {% block after_launch %}{% endblock %}
{% endblock %}
